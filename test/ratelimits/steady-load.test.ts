import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import type { CheckStore } from '../../src/ratelimits/checks/store.js'
import type { Policy } from '../../src/ratelimits/policies/policy.js'
import { createBinder } from '../../src/redis/binder.js'
import { useHarness } from '../support/harness.js'
import { checkStoreOf } from './check-store.js'

const harness = useHarness()
let store: CheckStore
/** The clock of the scripts, which does not advance by itself; real time only adds jitter. */
let nowUs = Date.now() * 1_000

beforeAll(async () => {
  const clockOffsetUs = () => nowUs - Date.now() * 1_000
  const observer = { batch() {}, failure() {} }
  const binder = createBinder({ connection: harness.connection, observer, clockOffsetUs })
  store = checkStoreOf({ connection: harness.connection, binder })
})

const LIMIT = 100
/** Long enough that the few ms of a call do not matter. */
const WINDOW_US = 3_600_000_000
const CALLS = 400

const window = { limit: LIMIT, windowMs: WINDOW_US / 1_000 }
const strict = { algorithm: 'sliding-window', mode: 'strict', ...window } as const

it.each<[string, Policy, number]>([
  ['gcra', { algorithm: 'gcra', ...window }, LIMIT],
  ['gcra with a small burst', { algorithm: 'gcra', burst: 2, ...window }, LIMIT],
  ['fixed-window', { algorithm: 'fixed-window', ...window }, LIMIT],
  ['fixed-window-first-hit', { algorithm: 'fixed-window', align: 'first-hit', ...window }, LIMIT],
  [
    'fixed-window-calendar',
    { algorithm: 'fixed-window', align: 'calendar', period: 'hour', limit: LIMIT },
    LIMIT,
  ],
  ['sliding-window', { algorithm: 'sliding-window', ...window }, LIMIT],
  ['sliding-window of 6', { algorithm: 'sliding-window', buckets: 6, ...window }, LIMIT],
  // A strict window counts its oldest bucket in full, which costs one bucket of N + 1.
  ['strict', strict, LIMIT / 2],
  ['strict of 9', { ...strict, buckets: 9 }, LIMIT * 0.9],
  ['sliding-log', { algorithm: 'sliding-log', ...window }, LIMIT],
  ['leaky-bucket', { algorithm: 'leaky-bucket', maxDelayMs: 100_000, ...window }, LIMIT],
])('%s does not starve a steady load of 98 %', async (_name, policy, sustained) => {
  const key = randomUUID()
  let admitted = 0
  for (let i = 0; i < CALLS; i++) {
    nowUs += WINDOW_US / (0.98 * sustained)
    const limit = { name: 'a', key, cost: 1, policy, inline: true }
    const outcome = await store.check(harness.namespace, [limit], {
      mode: 'all',
      take: 'exact',
      peek: false,
    })
    if (outcome.kind === 'decided' && outcome.allowed) admitted++
  }
  expect(admitted).toBeGreaterThanOrEqual(0.99 * CALLS)
})
