import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { createAdjustmentStore } from '../../src/ratelimits/adjustments/store.js'
import { kindOf } from '../../src/ratelimits/algorithms/algorithms.js'
import { createExceptionStore } from '../../src/ratelimits/exceptions/store.js'
import { limitKey } from '../../src/ratelimits/keys.js'
import type { Limit } from '../../src/ratelimits/limit.js'
import type { Policy } from '../../src/ratelimits/policies/policy.js'
import { createReservationStore } from '../../src/ratelimits/reservations/store.js'
import { RedisClock } from '../../src/redis/clock.js'
import { useHarness } from '../support/harness.js'
import { checkStoreOf, circuitsOf } from './check-store.js'
import { gcraModel, leakyModel, type Model } from './model.js'
import { ACCOUNTS, type Account } from './operations-model.js'

const harness = useHarness()
let stores: ReturnType<typeof createStores>

function createStores() {
  const { binder, connection } = harness
  const clock = new RedisClock()
  return {
    checks: checkStoreOf(harness, clock),
    adjustments: createAdjustmentStore(binder, clock),
    exceptions: createExceptionStore(binder),
    reservations: createReservationStore(binder, clock, circuitsOf(connection)),
  }
}

beforeAll(() => {
  stores = createStores()
})

/** Longer than one run takes. */
const SOON_MS = 600_000

/** One subject of one policy, and its model. Every method compares the two. */
class Subject {
  readonly #key = randomUUID()
  readonly #account: Account
  #policy: Policy
  #override = 0
  /** When each cost was consumed and how long it counts, from the answers. */
  readonly #taken: { readonly takenAtMs: number; readonly resetAfterMs: number }[] = []
  #reservations: {
    readonly id: string
    readonly cost: number
    readonly takenUs: number
    readonly untilUs: number | undefined
  }[] = []

  constructor(policy: Policy, account: Account) {
    this.#policy = policy
    this.#account = account
  }

  get #limit(): Limit {
    return { name: 'a', key: this.#key, inline: false, policy: this.#policy }
  }

  get #most(): number {
    return this.#override || this.#policy.limit
  }

  #expectTaken(
    nowUs: number,
    cost: number,
    answer: { readonly allowed: boolean; readonly remaining: number },
  ) {
    const allowed = this.#account.fits(nowUs, cost, this.#most)
    if (allowed) this.#account.take(nowUs, cost, this.#most)
    const remaining = this.#account.remaining(nowUs, this.#most)
    expect({ allowed: answer.allowed, remaining: answer.remaining }).toEqual({ allowed, remaining })
  }

  async check(cost: number) {
    const limits = [{ ...this.#limit, cost }]
    const options = { mode: 'all', take: 'exact', peek: false } as const
    const outcome = await stores.checks.check(harness.namespace, limits, options)
    if (outcome.kind !== 'decided') throw new Error(outcome.kind)
    const result = outcome.results[0]!
    this.#expectTaken(result.takenAtUs, cost, result)
    if (!result.allowed) return
    this.#taken.push({
      takenAtMs: Math.floor(result.takenAtUs / 1_000),
      resetAfterMs: Math.ceil(result.resetUs / 1_000),
    })
  }

  /**
   * @param nth index of the consumed cost, from the last; beyond the first, the refund names no time
   * @param isKnown whether the caller also sends how long the cost counts
   */
  async refund(cost: number, nth: number, isKnown: boolean) {
    const taken = this.#taken.at(-1 - nth)
    const takenAtMs = taken?.takenAtMs
    const resetAfterMs = isKnown ? taken?.resetAfterMs : undefined
    const reply = await stores.adjustments.refund(harness.namespace, this.#limit, {
      cost,
      takenAtMs,
      resetAfterMs,
    })
    if (reply.kind === 'conflict') throw new Error('conflict')
    const { atUs, refunded, remaining } = reply
    const takenUs = takenAtMs === undefined ? atUs : takenAtMs * 1_000 + 999
    const untilUs =
      taken === undefined || resetAfterMs === undefined
        ? undefined
        : (taken.takenAtMs + resetAfterMs) * 1_000
    expect({ refunded, remaining }).toEqual({
      refunded: this.#account.refund(atUs, cost, takenUs, untilUs, this.#most),
      remaining: this.#account.remaining(atUs, this.#most),
    })
  }

  async reset() {
    await stores.adjustments.reset(harness.namespace, this.#limit)
    this.#account.reset()
  }

  /**
   * Resets the subject if its key expires soon. Redis expires keys in real time, so after a step back
   * of the clock this key would end while the model still counts it.
   */
  async endWhatIsAboutTo() {
    const key = limitKey(harness.namespace, kindOf(this.#policy), this.#limit)
    if ((await harness.redis.pttl(key)) < SOON_MS) await this.reset()
  }

  change(limit: number) {
    this.#policy = { ...this.#policy, limit }
  }

  /** @param limit 0 deletes the override */
  async override(limit: number) {
    if (limit === 0) await stores.exceptions.endOverride(harness.namespace, this.#limit)
    else {
      await stores.exceptions.override(harness.namespace, this.#limit, { limit, burst: limit })
    }
    this.#override = limit
  }

  async reserve(cost: number) {
    const reply = await stores.reservations.reserve(harness.namespace, this.#limit, {
      cost,
      ttlMs: 3_600_000_000,
    })
    if (reply.kind === 'conflict') throw new Error('conflict')
    this.#expectTaken(reply.limit.takenAtUs, cost, reply.limit)
    if (reply.kind !== 'reserved') return
    const untilUs = this.#account.untilUs?.(reply.limit.takenAtUs, this.#most)
    this.#reservations.push({ id: reply.id, cost, takenUs: reply.limit.takenAtUs, untilUs })
  }

  /** @param nth index of the open reservation, modulo their number */
  async settle(actual: number, nth: number) {
    const reservation = this.#reservations[nth % this.#reservations.length]
    if (!reservation) return
    this.#reservations = this.#reservations.filter(({ id }) => id !== reservation.id)
    const { id, cost, takenUs, untilUs } = reservation
    const reply = await stores.reservations.settle(harness.namespace, this.#limit, { id, actual })
    if (reply.kind !== 'settled') throw new Error(reply.kind)
    const { atUs, refunded, remaining } = reply
    let given = 0
    if (actual < cost)
      given = this.#account.refund(atUs, cost - actual, takenUs, untilUs, this.#most)
    if (actual > cost) this.#account.take(atUs, actual - cost, this.#most)
    expect({ refunded, remaining }).toEqual({
      refunded: given,
      remaining: this.#account.remaining(atUs, this.#most),
    })
  }
}

const cost = fc.integer({ min: 1, max: 7 })
const nth = fc.nat({ max: 3 })
const isKnown = fc.boolean()
const limit = fc.integer({ min: 2, max: 14 })
/**
 * The clock of Redis sometimes steps back, while its TTLs go on in real time. Windows are so long
 * that nothing expires that the model still counts.
 */
const advanceMs = fc.oneof(
  { weight: 12, arbitrary: fc.nat({ max: 30_000_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -200_000_000, max: -1 }) },
)
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('check' as const), cost }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('refund' as const), cost, nth, isKnown }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change' as const), limit }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('override' as const),
      limit: fc.oneof(limit, fc.constant(0)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reserve' as const), cost }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      actual: fc.nat({ max: 14 }),
      nth,
    }),
  },
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

async function run(subject: Subject, operation: Operation): Promise<void> {
  switch (operation.kind) {
    case 'check':
      return subject.check(operation.cost)
    case 'refund':
      return subject.refund(operation.cost, operation.nth, operation.isKnown)
    case 'reset':
      return subject.reset()
    case 'change':
      return subject.change(operation.limit)
    case 'override':
      return subject.override(operation.limit)
    case 'reserve':
      return subject.reserve(operation.cost)
    case 'settle':
      return subject.settle(operation.actual, operation.nth)
  }
}

it.each(ACCOUNTS)('%s does every operation like its model', async (_name, policy, open) => {
  const steps = fc.array(fc.record({ advanceMs, operation }), { minLength: 5, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const subject = new Subject(policy, open())
      for (const step of list) {
        if (step.advanceMs < 0) await subject.endWhatIsAboutTo()
        harness.advance(step.advanceMs)
        await run(subject, step.operation)
      }
    }),
    { numRuns: 40 },
  )
})

it.each<[string, Policy, () => Model]>([
  [
    'gcra',
    { algorithm: 'gcra', limit: 7, windowMs: 78_000_000, burst: 30 },
    () => gcraModel(7, 78_000_000, 30),
  ],
  [
    'leaky-bucket',
    { algorithm: 'leaky-bucket', limit: 7, windowMs: 78_000_000, maxDelayMs: 200_000_000 },
    () => leakyModel(7, 78_000_000, 200_000_000),
  ],
])(
  '%s leaves no more room after a cancellation than without the reservation',
  async (_, policy, open) => {
    const step = fc.record({ advanceMs: fc.nat({ max: 30_000_000 }), cost })
    const steps = fc.array(step, { minLength: 1, maxLength: 15 })
    await fc.assert(
      fc.asyncProperty(steps, cost, steps, async (before, reserved, after) => {
        const limit = { name: 'a', key: randomUUID(), inline: false, policy }
        const without = open()
        const take = async ({ advanceMs, cost }: { advanceMs: number; cost: number }) => {
          harness.advance(advanceMs)
          const options = { mode: 'all', take: 'exact', peek: false } as const
          const outcome = await stores.checks.check(
            harness.namespace,
            [{ ...limit, cost }],
            options,
          )
          if (outcome.kind !== 'decided') throw new Error(outcome.kind)
          if (outcome.allowed) without.check(outcome.results[0]!.takenAtUs, cost)
        }
        for (const one of before) await take(one)
        const request = { cost: reserved, ttlMs: 3_600_000_000 }
        const made = await stores.reservations.reserve(harness.namespace, limit, request)
        if (made.kind !== 'reserved') return
        for (const one of after) await take(one)
        const cancelled = { id: made.id, actual: 0 }
        const left = await stores.reservations.settle(harness.namespace, limit, cancelled)
        if (left.kind !== 'settled') throw new Error(left.kind)
        // A check of a cost that is never allowed only reads.
        const { remaining } = without.check(left.atUs, 1_000)
        expect(left.remaining).toBeLessThanOrEqual(remaining)
      }),
      { numRuns: 40 },
    )
  },
)
