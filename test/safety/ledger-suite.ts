import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TEST_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { buildMutant, type Mutant } from '../support/mutant.js'
import { type LedgerSize, runLedger, type Subject } from './ledger-run.js'

/** Seconds per run of the unbroken service; LOCKSTEP_SAFETY_SECONDS=600 for a nightly run. */
const SECONDS = Number(process.env.LOCKSTEP_SAFETY_SECONDS ?? 15)

const RUNS: Readonly<Record<string, LedgerSize<never>['faultsEveryMs']>> = {
  nothing: {},
  'consumers killed': { consumers: 1_000 },
  'instances killed': { instances: 5_000 },
  'Redis killed, AOF': { redis: 4_000 },
  'subscriptions cut': { subscribers: 500 },
  'all of them': { consumers: 1_000, instances: 5_000, redis: 7_000, subscribers: 500 },
}

/** A broken script, and the finding that exposes it. */
export interface LedgerMutant<Sign> extends Mutant {
  readonly sign: Sign
}

/** What every judgement counts. */
type Counts<Sign extends string> = Readonly<Record<Sign | 'deliveries' | 'stale', number>>

/** Runs a subject under each fault, and its mutants; prints what was found. */
export function testLedger<Overview, Sign extends string, Judgement extends Counts<Sign>>(
  what: string,
  subject: Subject<Overview, Judgement>,
  mutants: readonly LedgerMutant<Sign>[],
): void {
  let built = ''
  const rows: Record<string, object> = {}
  const caught: Record<string, object> = {}
  beforeAll(async () => {
    built = await ensureBuilt()
  })
  afterAll(() => {
    console.table(rows)
    console.table(caught)
  })
  const timeout = SECONDS * 1_000 + TEST_MS

  describe(what, { timeout }, () => {
    it.each(Object.entries(RUNS))('keep their promises: %s', async (name, faultsEveryMs = {}) => {
      const found = await runLedger(subject, built, {
        seconds: SECONDS,
        consumers: 4,
        faultsEveryMs,
        // Consumers are too late on purpose.
        isSeen: ({ stale }) => stale > 0,
      })
      const { faults, left, ...counts } = found
      rows[name] = { ...counts, left: left.length, faults: Object.values(faults).join(' ') }
      expect(found).toMatchObject({ ...subject.clean, left: [] })
      expect(found.deliveries).toBeGreaterThan(0)
      expect(found.stale).toBeGreaterThan(0)
    })
  })

  describe(`broken ${what} are caught`, { timeout }, () => {
    it.each(mutants)('$name', async (mutant) => {
      const { sign } = mutant
      const found = await runLedger(subject, buildMutant(built, mutant), {
        seconds: 4,
        consumers: 4,
        isSeen: (soFar) => soFar[sign] > 0,
        isBroken: true,
      })
      caught[mutant.name] = { [sign]: found[sign] }
      expect(found[sign]).toBeGreaterThan(0)
    })
  })
}
