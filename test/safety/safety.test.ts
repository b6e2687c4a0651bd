import { beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { buildMutant } from '../support/mutant.js'
import { MUTANTS } from './mutants.js'
import { CLEAN, runScenario, type Seen } from './run.js'

/** A short form of long.test.ts, which shows that the checkers work. */
const SIZE = { seconds: 4, instances: 2, workers: 3, loops: 4 }

let built = ''
beforeAll(async () => {
  built = await ensureBuilt()
})

describe('worker processes over two instances', () => {
  it('never hold a lock together, even when holders are paused, and fences stop late ones', async () => {
    const isSeen = ({ plainLost }: Seen) => plainLost > 0
    const found = await runScenario('holders paused', built, { ...SIZE, isSeen })
    expect(found).toMatchObject(CLEAN)
    expect(found.pauses).toBeGreaterThan(0)
    expect(found.plainLost, 'updates lost without a fence').toBeGreaterThan(0)
  })

  it('are served in order while an instance is killed', async () => {
    const found = await runScenario('instances killed', built, SIZE)
    expect(found).toMatchObject(CLEAN)
  })

  it('are caught by the checker when they hold a lock together', async () => {
    const mutant = MUTANTS.find(({ name }) => name === 'grant without re-check')!
    const folder = buildMutant(built, mutant)
    const isSeen = ({ overlaps }: Seen) => overlaps > 0
    const found = await runScenario(mutant.scenario, folder, { ...SIZE, seconds: 1, isSeen })
    expect(found.overlaps).toBeGreaterThan(0)
  })
})
