import { testLedger } from './ledger-suite.js'
import { QUEUE } from './queue-ledger.js'
import { QUEUE_MUTANTS } from './queue-mutants.js'

testLedger('queues', QUEUE, QUEUE_MUTANTS)
