import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MUTANTS } from '../safety/mutants.js'
import { TEST_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { buildMutant } from '../support/mutant.js'
import { buildChecker, type Checker, reasonToSkip } from './checker.js'
import type { Operation } from './history.js'
import { record } from './run.js'

/** Seconds for the unbroken service; if set, the test also breaks more scripts. */
const LONG_SECONDS = process.env.LOCKSTEP_LINEARIZABILITY_SECONDS
const SECONDS = Number(LONG_SECONDS ?? 12)
const BROKEN_SECONDS = 3
const BROKEN = [
  'release without owner check',
  ...(LONG_SECONDS ? ['renew that resurrects', 'grant without re-check'] : []),
]
const CALLERS = 6
const OUTCOMES = ['granted', 'refused', 'held', 'lost', 'unknown'] as const

const reason = reasonToSkip()
if (reason) console.info(`linearizability is not checked: ${reason}`)

const countOutcomes = (history: readonly Operation[]) =>
  Object.fromEntries(OUTCOMES.map((out) => [out, history.filter((one) => one.out === out).length]))

const timeout = 2 * SECONDS * 1_000 + TEST_MS

/** Whether the history has each kind of answer. */
const isLively = (history: readonly Operation[]) =>
  Object.values(countOutcomes(history)).every((count) => count > 4)
/** Whether there were enough grants for the fault to show. */
const isBusy = (history: readonly Operation[]) => Number(countOutcomes(history).granted) > 120

describe.skipIf(reason)('histories of locks through two instances', { timeout }, () => {
  let checker: Checker
  let built = ''
  beforeAll(async () => {
    built = await ensureBuilt()
    checker = buildChecker()
  })
  afterAll(() => checker?.remove())

  it('are linearizable under every fault of the instances', async () => {
    const history = await record(built, { seconds: SECONDS, callers: CALLERS, isSeen: isLively })
    const { illegal, undecided, locks } = await checker.check(history)
    const outcomes = countOutcomes(history)
    console.info('linearizability', { locks, undecided: undecided.length, ...outcomes })
    for (const one of history) if (illegal.includes(one.lock)) console.info(JSON.stringify(one))
    expect(illegal).toEqual([])
    // A search times out if too many outcomes are unknown.
    expect(undecided.length).toBeLessThan(locks / 10)
    expect(isLively(history)).toBe(true)
  })

  it.each(BROKEN)('are not linearizable where a script is broken: %s', async (name) => {
    const mutant = MUTANTS.find((one) => one.name === name)!
    const size = { seconds: BROKEN_SECONDS, callers: CALLERS, isCalm: true, isSeen: isBusy }
    const history = await record(buildMutant(built, mutant), size)
    const { illegal, undecided, locks } = await checker.check(history)
    console.info(name, { locks, illegal: illegal.length, undecided: undecided.length })
    expect(illegal.length).toBeGreaterThan(0)
  })
})
