import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CheckStore, createCheckStore } from '../../src/ratelimits/checks/store.js'
import type { Policy } from '../../src/ratelimits/policies/policy.js'
import { type Harness, startHarness } from '../support/harness.js'
import { gcraModel, type Model, windowModel } from './model.js'

let harness: Harness
let store: CheckStore

beforeAll(async () => {
  harness = await startHarness()
  store = createCheckStore({
    binder: harness.binder,
    slotOf: (key) => harness.link.slotOf(key),
  })
})
afterAll(() => harness.close())

const step = fc.record({ advanceMs: fc.nat({ max: 700 }), cost: fc.integer({ min: 1, max: 7 }) })

it.each<[string, Policy, () => Model]>([
  [
    'gcra',
    { algorithm: 'gcra', limit: 7, windowMs: 1_300, burst: 5 },
    () => gcraModel(7, 1_300, 5),
  ],
  [
    'fixed-window',
    { algorithm: 'fixed-window', limit: 7, windowMs: 1_300 },
    () => windowModel(7, 1_300, false),
  ],
  [
    'fixed-window from the first hit',
    { algorithm: 'fixed-window', align: 'first-hit', limit: 7, windowMs: 1_300 },
    () => windowModel(7, 1_300, true),
  ],
])('%s answers as its model', async (_name, policy, makeModel) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const key = randomUUID()
      const model = makeModel()
      for (const { advanceMs, cost } of steps) {
        harness.advance(advanceMs)
        const outcome = await store.check(
          harness.namespace,
          [{ name: 'a', key, cost, policy, inline: true }],
          { mode: 'all', peek: false },
        )
        if (outcome.kind !== 'decided') throw new Error(outcome.kind)
        const { allowed, remaining, takenAtUs } = outcome.results[0]!
        // The model gets the time at which the script decided.
        expect({ allowed, remaining }).toEqual(model.check(takenAtUs, cost))
      }
    }),
    { numRuns: 40 },
  )
})
