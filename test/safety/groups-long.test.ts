import { GROUPS_OF_A_STREAM } from './group-ledger.js'
import { GROUP_MUTANTS } from './group-mutants.js'
import { testLedger } from './ledger-suite.js'

testLedger('groups of a stream', GROUPS_OF_A_STREAM, GROUP_MUTANTS)
