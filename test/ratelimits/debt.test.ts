import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { limitKey } from '../../src/ratelimits/keys.js'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Creates a policy with one subject. */
async function subjectOf(policy: object) {
  const name = randomUUID()
  const key = randomUUID()
  await limits.put(name, policy).expect(201)
  const post = async (verb: string, body: object = {}) =>
    (await limits.post(`${name}/${verb}`, { key, ...body }).expect(200)).body
  const override = (body: object) =>
    harness.request('put', `/v1/ratelimit-policies/${name}/overrides/${key}`).send(body).expect(201)
  const stateOf = () =>
    harness.redis.get(limitKey(harness.namespace, 'g', { name, key, inline: false }))
  return {
    post,
    override,
    stateOf,
    put: (changed: object) => limits.put(name, changed).expect(200),
  }
}

describe('a limit that is lowered', () => {
  it.each([
    ['gcra', { algorithm: 'gcra' }],
    ['leaky-bucket', { algorithm: 'leaky-bucket', maxDelayMs: MINUTE_MS }],
  ])('in %s makes no call wait longer than one of its windows', async (_name, algorithm) => {
    const { post, put } = await subjectOf({ ...algorithm, limit: 1_000, windowMs: MINUTE_MS })
    await post('check', { cost: 900 })
    await put({ ...algorithm, limit: 10, windowMs: MINUTE_MS })
    for (const cost of [1, 10]) {
      const { retryAfterMs } = await post('check', { cost })
      expect(retryAfterMs).toBeLessThanOrEqual(MINUTE_MS)
    }
  })

  it('keeps the usage, at most as much as the new limit has room for', async () => {
    const { post, put } = await subjectOf({ limit: 1_000, windowMs: 300 * DAY_MS })
    await post('check', { cost: 900 })
    await put({ limit: 10, windowMs: 300 * DAY_MS })
    const denied = await post('check')
    expect(denied).toMatchObject({ allowed: false, remaining: 0 })
    expect(denied.retryAfterMs).toBeGreaterThan(29 * DAY_MS)
  })

  it('makes no call wait for usage of a larger burst', async () => {
    const policy = { limit: 10, windowMs: 1_000 }
    const { post, put } = await subjectOf({ ...policy, burst: 10_000 })
    await post('check', { cost: 10_000 })
    await put({ ...policy, burst: 10 })
    expect((await post('check', { cost: 10 })).retryAfterMs).toBeLessThanOrEqual(1_000)
  })

  it('answers every denied call with the same retry time', async () => {
    const { post, put } = await subjectOf({ limit: 1_000, windowMs: MINUTE_MS })
    await post('check', { cost: 1_000 })
    await put({ limit: 10, windowMs: DAY_MS })
    const first = await post('check')
    // Under the old limit, everything would be paid back by now.
    harness.advance(2 * MINUTE_MS)
    const second = await post('check')
    expect(second.allowed).toBe(false)
    expect(second.retryAfterMs).toBeGreaterThan(first.retryAfterMs - 4 * MINUTE_MS)
    harness.advance(second.retryAfterMs)
    expect((await post('check')).allowed).toBe(true)
  })

  it('keeps the debt of a commit in full', async () => {
    const { post, put } = await subjectOf({ limit: 100, windowMs: 100 * DAY_MS })
    const { token } = await post('reserve', { cost: 50 })
    await post('commit', { token, actual: 300 })
    await put({ limit: 10, windowMs: 100 * DAY_MS })
    const denied = await post('check')
    // The bucket keeps 10 of the 100 units of its window, and the whole debt of 200.
    expect(denied.retryAfterMs).toBeGreaterThan(2_009 * DAY_MS)
    expect(denied.retryAfterMs).toBeLessThanOrEqual(2_010 * DAY_MS)
  })
})

it('is written only by calls that change it', async () => {
  const { post, stateOf } = await subjectOf({ limit: 10, windowMs: DAY_MS })
  await post('check', { cost: 8 })
  const before = await stateOf()
  await post('check', { cost: 3 })
  await post('peek')
  expect(await stateOf()).toBe(before)
})

describe('usage above the limit', () => {
  it('is paid back before anything else', async () => {
    const { post, put } = await subjectOf({ limit: 10, windowMs: 10 * DAY_MS })
    const { token } = await post('reserve', { cost: 10 })
    await post('commit', { token, actual: 15 })
    expect((await post('peek')).retryAfterMs).toBeGreaterThan(5.9 * DAY_MS)
    await post('refund', { cost: 3 })
    harness.advance(2 * DAY_MS)
    await put({ limit: 5, windowMs: 10 * DAY_MS })
    expect((await post('peek')).retryAfterMs).toBeLessThanOrEqual(2 * DAY_MS)
  })
})

describe('an override that expires', () => {
  it('denies no call beyond its end', async () => {
    const { post, override } = await subjectOf({ limit: 1_000, windowMs: DAY_MS })
    await post('check', { cost: 500 })
    await override({ limit: 1, ttlMs: 30_000 })
    for (const cost of [1, 2]) {
      const denied = await post('check', { cost })
      expect(denied.results[0]).toMatchObject({ allowed: false, unsatisfiable: false })
      expect(denied.retryAfterMs).toBeLessThanOrEqual(30_000)
    }
    harness.advance(30_000)
    expect((await post('check', { cost: 2 })).allowed).toBe(true)
  })

  it('has no retry time for a cost that the policy never allows either', async () => {
    const { post, override } = await subjectOf({ limit: 10, windowMs: DAY_MS })
    await override({ limit: 1, ttlMs: 30_000 })
    const { results } = await post('check', { cost: 11 })
    expect(results[0]).toMatchObject({ allowed: false, unsatisfiable: true })
  })

  it('denies no lease beyond its end', async () => {
    const { post, override } = await subjectOf({
      algorithm: 'concurrency',
      limit: 9,
      leaseMs: DAY_MS,
    })
    await post('leases/acquire', { weight: 5 })
    await override({ limit: 2, ttlMs: 30_000 })
    for (const weight of [1, 4]) {
      const denied = await post('leases/acquire', { weight })
      expect(denied).toMatchObject({ allowed: false, unsatisfiable: false })
      expect(denied.retryAfterMs).toBeLessThanOrEqual(30_000)
    }
    expect(await post('leases/acquire', { weight: 10 })).toMatchObject({ unsatisfiable: true })
  })
})

/** An LLM budget: a rate, and a burst of many of its windows. */
const BUDGET = { limit: 10, windowMs: 10_000, burst: 1_000 }

describe('a refund of a bucket', () => {
  it('gives back what has not leaked, even many windows after the reservation', async () => {
    const { post } = await subjectOf(BUDGET)
    const { token } = await post('reserve', { cost: 800 })
    harness.advance(12_000)
    const { refunded, remaining } = await post('commit', { token, actual: 100 })
    expect(refunded).toBe(700)
    expect(remaining).toBeGreaterThanOrEqual(900 + 12)
  })

  it('gives back nothing that has leaked', async () => {
    const { post } = await subjectOf({ limit: 10, windowMs: 10 * HOUR_MS })
    const { token } = await post('reserve', { cost: 10, ttlMs: DAY_MS })
    harness.advance(9.5 * HOUR_MS)
    expect((await post('check', { cost: 9 })).allowed).toBe(true)
    // Only half a unit of the reservation has not leaked; the refund is rounded up.
    expect(await post('cancel', { token })).toMatchObject({ refunded: 1, remaining: 1 })
  })

  it('gives back a cost that was reserved after others, until those have leaked', async () => {
    const { post } = await subjectOf({ limit: 10, windowMs: 10 * HOUR_MS })
    await post('check', { cost: 5 })
    const { token } = await post('reserve', { cost: 5, ttlMs: DAY_MS })
    harness.advance(4.5 * HOUR_MS)
    await post('check', { cost: 4 })
    expect(await post('cancel', { token })).toMatchObject({ refunded: 5, remaining: 5 })
  })

  it('gives back what cannot have leaked since takenAt', async () => {
    const { post } = await subjectOf({ ...BUDGET, windowMs: DAY_MS })
    const { takenAt } = (await post('check', { cost: 800 })).results[0]
    harness.advance(1.2 * DAY_MS)
    const cost = 700
    expect((await post('refund', { cost, takenAt })).refunded).toBe(688)
    expect((await post('refund', { cost: 12, takenAt })).refunded).toBe(0)
  })

  it('gives back the place of a caller that stops waiting', async () => {
    const { post } = await subjectOf({
      algorithm: 'leaky-bucket',
      limit: 10,
      windowMs: 10 * DAY_MS,
      maxDelayMs: DAY_MS,
    })
    await post('check')
    const { takenAt, resetAfterMs } = (await post('check')).results[0]
    harness.advance(0.9 * DAY_MS)
    expect((await post('refund', { takenAt })).refunded).toBe(1)
    await post('check')
    const waiting = (await post('check')).results[0]
    harness.advance(DAY_MS)
    // Without `resetAfterMs`, the unit may have leaked during the day.
    expect((await post('refund', { takenAt: waiting.takenAt })).refunded).toBe(0)
    const { refunded } = await post('refund', {
      takenAt: waiting.takenAt,
      resetAfterMs: waiting.resetAfterMs,
    })
    expect(refunded).toBe(1)
    expect((await post('refund', { takenAt, resetAfterMs })).refunded).toBe(0)
  })

  it('needs takenAt with resetAfterMs', async () => {
    const { body } = await limits.post('nowhere/refund', { key: 'k', resetAfterMs: 1 }).expect(400)
    expect(body.errors).toEqual([faultAt('body/resetAfterMs')])
  })
})
