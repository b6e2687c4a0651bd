import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TEST_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { buildMutant } from '../support/mutant.js'
import { FULL } from './bounds.js'
import { changePlansOf } from './changes.js'
import { changeFindingOf, type Finding, findingOf, findingsOf, untilSeen } from './load.js'
import { CHANGE_MUTANTS, MUTANTS } from './mutants.js'
import { plansOf } from './plans.js'

const SECONDS = Number(process.env.LOCKSTEP_ENVELOPE_SECONDS ?? 75)
const LOAD = { processes: 3, seconds: SECONDS, loops: 3 }
/** Seconds per change plan: the plans run one after another. */
const CHANGE_SECONDS = Math.ceil(SECONDS / 9)
const MUTANT_LOAD = { processes: 2, seconds: 3, loops: 3 }

let built = ''
const plans = plansOf(2_000)
const rows: Record<string, object> = {}

beforeAll(async () => {
  built = await ensureBuilt()
})
afterAll(() => console.table(rows))

const inFull = ({ fullest, ...more }: Finding) => ({ ...more, 'fullest span': fullest.toFixed(3) })

describe('processes that send as many checks as they can', {
  timeout: SECONDS * 1_000 + TEST_MS,
}, () => {
  it('are never admitted more than each algorithm guarantees', async () => {
    const found = await findingsOf(built, plans, LOAD)
    for (const { name, guarantee } of plans) {
      rows[name] = { guarantee, ...inFull(found.get(name)!) }
    }
    for (const { name } of plans) {
      expect(found.get(name)!.fullest, name).toBeLessThanOrEqual(FULL)
      // A load that does not come near its bound proves nothing.
      expect(found.get(name)!.fullest, name).toBeGreaterThan(0.4)
    }
  })
})

describe('a limit that changes under load', () => {
  it.each(changePlansOf(1_000))('$name', async (plan) => {
    const found = await changeFindingOf(built, plan, { seconds: CHANGE_SECONDS, loops: 6 })
    rows[plan.name] = { guarantee: plan.guarantee, ...inFull(found) }
    expect(found.fullest).toBeLessThanOrEqual(FULL)
    expect(found.fullest).toBeGreaterThan(0.4)
  })
})

describe('a broken script is caught', () => {
  it.each(MUTANTS)('$name, $plan', async (mutant) => {
    const folder = buildMutant(built, mutant)
    const plan = plansOf(500).find(({ name }) => name === mutant.plan)!
    const found = await untilSeen(() => findingOf(folder, plan, MUTANT_LOAD))
    rows[mutant.name] = { guarantee: plan.guarantee, ...inFull(found) }
    expect(found.fullest).toBeGreaterThan(FULL)
  })
  it.each(CHANGE_MUTANTS)('$name, $plan', async (mutant) => {
    const folder = buildMutant(built, mutant)
    const plan = changePlansOf(500).find(({ name }) => name === mutant.plan)!
    const load = { seconds: 4, loops: 6 }
    const found = await untilSeen(() => changeFindingOf(folder, plan, load))
    rows[mutant.name] = { guarantee: plan.guarantee, ...inFull(found) }
    expect(found.fullest).toBeGreaterThan(FULL)
  })
})
