import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TEST_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { buildMutant } from '../support/mutant.js'
import { CLEAN, type Findings, isLively } from './checkers.js'
import { MUTANTS } from './mutants.js'
import { run, SCENARIOS } from './run.js'

/** Seconds per run of the unbroken service; LOCKSTEP_COHERENCE_SECONDS=600 for a nightly run. */
const SECONDS = Number(process.env.LOCKSTEP_COHERENCE_SECONDS ?? 30)

let built = ''
const rows: Record<string, Findings> = {}
const caught: Record<string, Findings> = {}

beforeAll(async () => {
  built = await ensureBuilt()
})
afterAll(() => {
  console.table(rows)
  console.table(caught)
})

const timeout = SECONDS * 1_000 + TEST_MS

describe('the service', { timeout }, () => {
  it.each(Object.keys(SCENARIOS))('serves nothing that is out of date: %s', async (name) => {
    const found = await run(name, built, { seconds: SECONDS, isSeen: isLively })
    rows[name] = found
    expect(found).toMatchObject(CLEAN)
    expect(isLively(found)).toBe(true)
  })
})

describe('a broken service is caught', { timeout }, () => {
  it.each(MUTANTS)('$name', async (mutant) => {
    const isSeen = (soFar: Findings) => soFar[mutant.sign] > 0
    const found = await run('no trouble', buildMutant(built, mutant), { seconds: 4, isSeen })
    caught[mutant.name] = found
    expect(found[mutant.sign]).toBeGreaterThan(0)
  })
})
