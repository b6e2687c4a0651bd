import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { buildMutant, MUTANTS } from './mutants.js'
import { CLEAN, type Findings, runScenario } from './run.js'
import { SCENARIOS } from './scenarios.js'

/** Of each run of the service as it is; LOCKSTEP_SAFETY_SECONDS=600 for a long night. */
const SECONDS = Number(process.env.LOCKSTEP_SAFETY_SECONDS ?? 15)
const SIZE = { seconds: SECONDS, instances: 3, workers: 4, loops: 4 }
const MUTANT_SIZE = { ...SIZE, seconds: 8 }

let built = ''
const rows: Record<string, Findings> = {}
const caught: Record<string, Partial<Findings>> = {}

beforeAll(async () => {
  built = await ensureBuilt()
}, 120_000)
afterAll(() => {
  console.table(rows)
  console.table(caught)
})

const timeout = (SECONDS + 90) * 1_000

describe('the service', { timeout }, () => {
  it.each(Object.keys(SCENARIOS))('keeps its promises: %s', async (name) => {
    const found = await runScenario(name, built, SIZE)
    rows[name] = found
    expect(found).toMatchObject(CLEAN)
    expect(found.leases).toBeGreaterThan(0)
    if (name === 'holders paused') expect(found.plainLost).toBeGreaterThan(0)
  })
})

describe('a broken service is caught', { timeout }, () => {
  it.each(MUTANTS)('$name, $scenario', async (mutant) => {
    const folder = buildMutant(built, mutant)
    const found = await runScenario(mutant.scenario, folder, MUTANT_SIZE)
    const signs = Object.keys(CLEAN) as (keyof typeof CLEAN)[]
    caught[mutant.name] = Object.fromEntries(signs.map((sign) => [sign, found[sign]]))
    expect(Object.values(caught[mutant.name]!).some((count) => (count ?? 0) > 0)).toBe(true)
  })
})
