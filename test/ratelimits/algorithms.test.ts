import { describe, expect, it } from 'vitest'
import { limitKey } from '../../src/ratelimits/keys.js'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const { put, subject } = limitDriver(harness)

/** Checks one limit, given in the request. */
const check = (limit: object, idempotencyKey?: string) => {
  const request = harness.request('post', '/v1/ratelimits/check')
  if (idempotencyKey) request.set('idempotency-key', idempotencyKey)
  return request.send({ limits: [{ name: 'a', ...limit }] })
}

describe('token-bucket', () => {
  it('is another name of gcra, with the same count', async () => {
    const key = subject()
    const shape = { limit: 5, windowMs: 60_000, burst: 3, key }
    await check({ ...shape, algorithm: 'gcra', cost: 2 }).expect(200)
    const { body } = await check({ ...shape, algorithm: 'token-bucket' }).expect(200)
    expect(body).toMatchObject({ allowed: true, remaining: 0 })
  })
})

describe('leaky-bucket', () => {
  /** One call starts every 1000 s, so the time that the test takes does not matter. */
  const leaky = (key: string, more: object = {}) => ({
    algorithm: 'leaky-bucket',
    limit: 10,
    windowMs: 10_000_000,
    maxDelayMs: 2_000_000,
    key,
    ...more,
  })

  it('answers each call with its delay, and denies one that would wait too long', async () => {
    const key = subject()
    const answers = []
    for (let i = 0; i < 4; i++) answers.push((await check(leaky(key))).body.results[0])
    expect(answers.map(({ allowed }) => allowed)).toEqual([true, true, true, false])
    expect(answers[0].delayMs).toBe(0)
    expect(answers[1].delayMs).toBeGreaterThan(500_000)
    expect(answers[1].delayMs).toBeLessThanOrEqual(1_000_000)
    expect(answers[2].delayMs).toBeGreaterThan(1_500_000)
    expect(answers[3]).toMatchObject({ delayMs: 0, remaining: 0 })

    harness.advance(answers[3].retryAfterMs)
    const { body } = await check(leaky(key))
    expect(body.allowed).toBe(true)
    expect(body.results[0].delayMs).toBeLessThanOrEqual(2_000_000)
  })

  it('answers a repeat with the rest of its delay', async () => {
    const key = subject()
    await check(leaky(key, { cost: 2 }))
    const first = await check(leaky(key), 'attempt-1').expect(200)
    expect(first.body.results[0].delayMs).toBeGreaterThan(1_500_000)
    harness.advance(1_500_000)
    const again = await check(leaky(key), 'attempt-1').expect(200)
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect(again.body.results[0].delayMs).toBeLessThanOrEqual(
      first.body.results[0].delayMs - 1_500_000,
    )
    harness.advance(1_500_000)
    const late = await check(leaky(key), 'attempt-1').expect(200)
    expect(late.body.results[0].delayMs).toBe(0)
  })

  it('delays calls after a large cost by all of it, and never starts a cost above the limit', async () => {
    const key = subject()
    const large = await check(leaky(key, { cost: 10 })).expect(200)
    expect(large.body).toMatchObject({ allowed: true, remaining: 0 })
    const behind = await check(leaky(key)).expect(200)
    expect(behind.body.allowed).toBe(false)
    expect(behind.body.retryAfterMs).toBeGreaterThan(7_000_000)
    const never = await check(leaky(subject(), { cost: 11 })).expect(200)
    expect(never.body.results[0]).toMatchObject({ allowed: false, unsatisfiable: true })
  })
})

describe('sliding-log', () => {
  const log = (key: string, more: object = {}) => ({
    algorithm: 'sliding-log',
    limit: 5,
    windowMs: 10_000_000,
    key,
    ...more,
  })
  const stateOf = (key: string) =>
    harness.redis.lrange(limitKey(harness.namespace, 'e', { key, name: 'a', inline: true }), 0, -1)

  it('gives back exactly what each call took, a window after it', async () => {
    const key = subject()
    await check(log(key, { cost: 2 }))
    harness.advance(4_000_000)
    await check(log(key, { cost: 3 }))
    const denied = await check(log(key, { cost: 3 }))
    expect(denied.body.allowed).toBe(false)
    // The first call frees only two units, so the check waits for both calls.
    expect(denied.body.retryAfterMs).toBeGreaterThan(9_000_000)
    const smaller = await check(log(key, { cost: 2 }))
    expect(smaller.body.retryAfterMs).toBeLessThanOrEqual(6_000_000)
    harness.advance(smaller.body.retryAfterMs)
    expect((await check(log(key, { cost: 2 }))).body).toMatchObject({ allowed: true, remaining: 0 })
  })

  it('answers a check and a peek with the time at which its newest call leaves', async () => {
    const key = subject()
    await check(log(key, { cost: 5 }))
    for (const waitMs of [3_000_000, 4_000_000]) {
      harness.advance(waitMs)
      const { retryAfterMs, results } = (await check(log(key))).body
      expect(results[0].resetAfterMs).toBe(retryAfterMs)
      expect(retryAfterMs).toBeLessThanOrEqual(7_000_000)
    }
    const { body } = await harness
      .request('post', '/v1/ratelimits/check')
      .send({ limits: [{ name: 'a', ...log(key) }], peek: true })
    expect(body.results[0].resetAfterMs).toBeLessThanOrEqual(3_000_000)
  })

  it('keeps what still counts and nothing else', async () => {
    const key = subject()
    for (let i = 0; i < 12; i++) {
      await check(log(key)).expect(200)
      harness.advance(2_500_000)
    }
    // The state has one total, then time and total of each call of the last window.
    expect(await stateOf(key)).toHaveLength(1 + 2 * 4)
    harness.advance(10_000_000)
    await check(log(key))
    expect(await stateOf(key)).toHaveLength(3)
  })

  it('keeps nothing of the newest calls that are given back', async () => {
    await put('log', { algorithm: 'sliding-log', limit: 5, windowMs: 10_000_000 }).expect(201)
    const key = subject()
    const post = (verb: string, body: object) =>
      harness.request('post', `/v1/ratelimits/log/${verb}`).send({ key, ...body })
    for (let i = 0; i < 3; i++) {
      await post('check', {}).expect(200)
      harness.advance(1_000_000)
    }
    const { body } = await post('refund', { cost: 2 }).expect(200)
    expect(body).toMatchObject({ refunded: 2, remaining: 4 })
    // Only the first call is left; it ends in seven tenths of a window.
    expect(body.resetAfterMs).toBeLessThanOrEqual(7_000_000)
    const state = limitKey(harness.namespace, 'e', { key, name: 'log', inline: false })
    expect(await harness.redis.llen(state)).toBe(3)
  })

  it('writes nothing for a denial', async () => {
    const key = subject()
    await check(log(key, { cost: 5 }))
    const before = await stateOf(key)
    await check(log(key))
    expect(await stateOf(key)).toEqual(before)
  })

  it('puts no call before an older one when the clock of Redis steps back', async () => {
    const key = subject()
    await check(log(key, { cost: 3 }))
    harness.advance(-5_000_000)
    await check(log(key, { cost: 2 }))
    const [, first, , second] = await stateOf(key)
    expect(Number(second)).toBeGreaterThanOrEqual(Number(first))
    harness.advance(5_000_000)
    expect((await check(log(key))).body.allowed).toBe(false)
  })

  it('keeps what was consumed when the limit changes', async () => {
    const key = subject()
    await check(log(key, { cost: 4 }))
    expect((await check(log(key, { limit: 8 }))).body.remaining).toBe(3)
    expect((await check(log(key, { limit: 4 }))).body).toMatchObject({ allowed: false })
  })
})

describe('fixed-window', () => {
  it('starts afresh with another alignment', async () => {
    const key = subject()
    const shape = { algorithm: 'fixed-window', limit: 3, windowMs: 86_400_000, key }
    await check({ ...shape, cost: 3 })
    expect((await check({ ...shape, align: 'first-hit' })).body.remaining).toBe(2)
  })
})

describe('a policy', () => {
  it.each([
    [{ limit: 10, windowMs: 1_000 }, 20],
    [{ algorithm: 'token-bucket', limit: 10, windowMs: 1_000, burst: 1 }, 11],
    [{ algorithm: 'fixed-window', limit: 10, windowMs: 1_000 }, 20],
    [{ algorithm: 'fixed-window', limit: 10, windowMs: 1_000, align: 'first-hit' }, 20],
    [{ algorithm: 'sliding-window', limit: 10, windowMs: 1_000, buckets: 10 }, 20],
    [{ algorithm: 'sliding-window', limit: 10, windowMs: 1_000, mode: 'strict' }, 10],
    [{ algorithm: 'sliding-log', limit: 10, windowMs: 1_000 }, 10],
    [{ algorithm: 'leaky-bucket', limit: 10, windowMs: 1_000, maxDelayMs: 500 }, 19],
  ])('reports the bound it guarantees: %j at most %i', async (policy, bound) => {
    const { body } = await put('bounds', policy)
    expect(body).toMatchObject({ ...policy, maxInAnyWindow: bound })
  })

  it.each([
    ['windowMs', { limit: 1 }],
    ['maxDelayMs', { algorithm: 'leaky-bucket', limit: 1, windowMs: 1_000 }],
    ['maxDelayMs', { limit: 1, windowMs: 1_000, maxDelayMs: 1 }],
    ['limit', { algorithm: 'sliding-log', limit: 10_001, windowMs: 1_000 }],
    ['limit', { algorithm: 'leaky-bucket', limit: 1e9, windowMs: 1, maxDelayMs: 1 }],
    ['buckets', { algorithm: 'sliding-log', limit: 1, windowMs: 1_000, buckets: 2 }],
    ['mode', { algorithm: 'fixed-window', limit: 1, windowMs: 1_000, mode: 'strict' }],
    ['align', { limit: 1, windowMs: 1_000, align: 'epoch' }],
  ])('is refused with a pointer to %s: %j', async (field, policy) => {
    const { body } = await put('faulty', policy).expect(400)
    expect(body.errors).toEqual([faultAt(`body/${field}`)])
  })
})
