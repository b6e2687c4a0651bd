import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TEST_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { buildMutant } from '../support/mutant.js'
import { MUTANTS } from './mutants.js'
import { CLEAN, type Findings, runScenario, type Seen } from './run.js'
import { SCENARIOS } from './scenarios.js'

/** Seconds per run of the unbroken service; LOCKSTEP_SAFETY_SECONDS=600 for a nightly run. */
const SECONDS = Number(process.env.LOCKSTEP_SAFETY_SECONDS ?? 15)
const SIZE = { seconds: SECONDS, instances: 3, workers: 4, loops: 4 }
const SIGNS = ['overlaps', 'shrunkFences', 'fencedLost', 'overtaken', 'twice'] as const
const isCaught = (soFar: Seen) => SIGNS.some((sign) => soFar[sign] > 0)

let built = ''
const rows: Record<string, Findings> = {}
const caught: Record<string, Partial<Findings>> = {}

beforeAll(async () => {
  built = await ensureBuilt()
})
afterAll(() => {
  console.table(rows)
  console.table(caught)
})

const timeout = SECONDS * 1_000 + TEST_MS

describe('the service', { timeout }, () => {
  it.each(Object.keys(SCENARIOS))('keeps its promises: %s', async (name) => {
    const isSeen = ({ plainLost }: Seen) => name !== 'holders paused' || plainLost > 0
    const found = await runScenario(name, built, { ...SIZE, isSeen })
    rows[name] = found
    expect(found).toMatchObject(CLEAN)
    expect(found.leases).toBeGreaterThan(0)
    if (name === 'holders paused') expect(found.plainLost).toBeGreaterThan(0)
  })
})

describe('a broken service is caught', { timeout }, () => {
  it.each(MUTANTS)('$name, $scenario', async (mutant) => {
    const folder = buildMutant(built, mutant)
    const found = await runScenario(mutant.scenario, folder, {
      ...SIZE,
      seconds: 4,
      isSeen: isCaught,
    })
    caught[mutant.name] = Object.fromEntries(SIGNS.map((sign) => [sign, found[sign]]))
    expect(isCaught(found)).toBe(true)
  })
})
