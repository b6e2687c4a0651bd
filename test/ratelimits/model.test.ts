import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import type { CheckStore } from '../../src/ratelimits/checks/store.js'
import type { Policy } from '../../src/ratelimits/policies/policy.js'
import { useHarness } from '../support/harness.js'
import { checkStoreOf } from './check-store.js'
import { gcraModel, leakyModel, logModel, type Model, slidingModel, windowModel } from './model.js'

const harness = useHarness()
let store: CheckStore

beforeAll(async () => {
  store = checkStoreOf(harness)
})

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
  [
    'sliding-window of one bucket',
    { algorithm: 'sliding-window', limit: 7, windowMs: 1_300 },
    () => slidingModel(7, 1_300, 1, false),
  ],
  [
    'sliding-window of several',
    { algorithm: 'sliding-window', buckets: 6, limit: 7, windowMs: 1_300 },
    () => slidingModel(7, 1_300, 6, false),
  ],
  [
    'sliding-window, strict',
    { algorithm: 'sliding-window', buckets: 4, mode: 'strict', limit: 7, windowMs: 1_300 },
    () => slidingModel(7, 1_300, 4, true),
  ],
  [
    'fixed-window of a calendar',
    { algorithm: 'fixed-window', align: 'calendar', period: 'minute', limit: 7 },
    () => windowModel(7, 60_000, false),
  ],
  [
    'sliding-log',
    { algorithm: 'sliding-log', limit: 9, windowMs: 1_300 },
    () => logModel(9, 1_300),
  ],
  [
    'leaky-bucket',
    { algorithm: 'leaky-bucket', limit: 7, windowMs: 1_300, maxDelayMs: 900 },
    () => leakyModel(7, 1_300, 900),
  ],
  [
    'leaky-bucket without a delay',
    { algorithm: 'leaky-bucket', limit: 6, windowMs: 1_300, maxDelayMs: 0 },
    () => leakyModel(6, 1_300, 0),
  ],
])('%s answers as its model', async (_name, policy, makeModel) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const key = randomUUID()
      const model = makeModel()
      const pace = policy.align === 'calendar' ? 60 : 1
      for (const { advanceMs, cost } of steps) {
        harness.advance(advanceMs * pace)
        const outcome = await store.check(
          harness.namespace,
          [{ name: 'a', key, cost, policy, inline: true }],
          { mode: 'all', take: 'exact', peek: false },
        )
        if (outcome.kind !== 'decided') throw new Error(outcome.kind)
        const { allowed, remaining, delayUs, takenAtUs } = outcome.results[0]!
        // The model gets the time at which the script decided.
        expect({ allowed, remaining, delayUs }).toEqual(model.check(takenAtUs, cost))
      }
    }),
    { numRuns: 40 },
  )
})

it.each<[string, Policy]>([
  ['gcra', { algorithm: 'gcra', limit: 7, windowMs: 1_300, burst: 5 }],
  ['fixed-window', { algorithm: 'fixed-window', limit: 7, windowMs: 1_300 }],
  ['sliding-window', { algorithm: 'sliding-window', limit: 7, windowMs: 1_300 }],
  ['several buckets', { algorithm: 'sliding-window', limit: 7, windowMs: 1_300, buckets: 6 }],
  [
    'strict',
    { algorithm: 'sliding-window', limit: 7, windowMs: 1_300, buckets: 4, mode: 'strict' },
  ],
  ['sliding-log', { algorithm: 'sliding-log', limit: 7, windowMs: 1_300 }],
  ['leaky-bucket', { algorithm: 'leaky-bucket', limit: 7, windowMs: 1_300, maxDelayMs: 300 }],
])('%s allows at its retry time, and not before', async (_name, policy) => {
  // Also after a change of the limit, and after the clock of Redis stepped back.
  const change = fc.record({
    advanceMs: fc.oneof(
      { weight: 6, arbitrary: fc.nat({ max: 700 }) },
      { weight: 1, arbitrary: fc.integer({ min: -5_000, max: -1 }) },
    ),
    cost: fc.integer({ min: 1, max: 7 }),
    limit: fc.oneof(
      { weight: 4, arbitrary: fc.constant(policy.limit) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 }) },
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 3, maxLength: 15 }), async (changes) => {
      const key = randomUUID()
      let limit = policy.limit
      const ask = async (cost: number, peek = false) => {
        const request = { name: 'a', key, cost, policy: { ...policy, limit }, inline: true }
        const outcome = await store.check(harness.namespace, [request], {
          mode: 'all',
          take: 'exact',
          peek,
        })
        if (outcome.kind !== 'decided') throw new Error(outcome.kind)
        return outcome.results[0]!
      }
      for (const { advanceMs, cost, ...next } of changes) {
        limit = next.limit
        harness.advance(advanceMs)
        const denied = await ask(cost)
        if (denied.allowed || denied.retryUs < 0) continue
        const retryAt = denied.takenAtUs + denied.retryUs
        const later = await ask(cost, true)
        // Real time goes on, so the wait only gets shorter between two calls.
        if (!later.allowed) expect(later.takenAtUs + later.retryUs).toBe(retryAt)
        harness.advance(Math.ceil(denied.retryUs / 1_000))
        expect((await ask(cost)).allowed).toBe(true)
      }
    }),
    { numRuns: 25 },
  )
})
