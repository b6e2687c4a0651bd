import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TEST_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { buildMutant } from '../support/mutant.js'
import type { Judgement } from './queue-ledger.js'
import { isSignOf, QUEUE_MUTANTS } from './queue-mutants.js'
import { CLEAN_LEDGER, type QueueFindings, type QueueRunSize, runLedger } from './queue-run.js'

/** Seconds per run of the unbroken service; LOCKSTEP_SAFETY_SECONDS=600 for a nightly run. */
const SECONDS = Number(process.env.LOCKSTEP_SAFETY_SECONDS ?? 15)

const RUNS: Readonly<Record<string, QueueRunSize['faultsEveryMs']>> = {
  nothing: {},
  'consumers killed': { consumers: 1_000 },
  'instances killed': { instances: 5_000 },
  'Redis killed, AOF': { redis: 4_000 },
  'subscriptions cut': { subscribers: 500 },
  'all of them': { consumers: 1_000, instances: 5_000, redis: 7_000, subscribers: 500 },
}

let built = ''
const rows: Record<string, object> = {}
const caught: Record<string, Partial<QueueFindings>> = {}

beforeAll(async () => {
  built = await ensureBuilt()
})
afterAll(() => {
  console.table(rows)
  console.table(caught)
})

const timeout = SECONDS * 1_000 + TEST_MS

describe('queues', { timeout }, () => {
  it.each(Object.entries(RUNS))('keep their promises: %s', async (name, faultsEveryMs = {}) => {
    // Consumers are too late on purpose.
    const isSeen = ({ stale }: Judgement) => stale > 0
    const found = await runLedger(built, { seconds: SECONDS, consumers: 4, faultsEveryMs, isSeen })
    const { faults, left, ...counts } = found
    rows[name] = { ...counts, left: left.length, faults: Object.values(faults).join(' ') }
    expect(found).toMatchObject(CLEAN_LEDGER)
    expect(found.messages).toBeGreaterThan(0)
    expect(found.stale).toBeGreaterThan(0)
  })
})

describe('broken queues are caught', { timeout }, () => {
  it.each(QUEUE_MUTANTS)('$name', async (mutant) => {
    const isSeen = isSignOf(mutant)
    const found = await runLedger(buildMutant(built, mutant), {
      seconds: 4,
      consumers: 4,
      isSeen,
      isBroken: true,
    })
    caught[mutant.name] = { [mutant.sign]: found[mutant.sign] }
    expect(isSeen(found)).toBe(true)
  })
})
