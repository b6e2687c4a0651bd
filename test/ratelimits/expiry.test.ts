import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { limitDriver } from './driver.js'

const harness = useHarness()

/** Short, so that the test can wait for it in real time: Redis enforces a TTL, not a script. */
const window = { limit: 10, windowMs: 400 }
const sliding = { algorithm: 'sliding-window', ...window }

const POLICIES = [
  ['gcra', window],
  ['fixed-window', { algorithm: 'fixed-window', ...window }],
  ['first-hit', { algorithm: 'fixed-window', align: 'first-hit', ...window }],
  ['sliding', sliding],
  ['sliding-of-60', { ...sliding, buckets: 60 }],
  ['strict', { ...sliding, mode: 'strict', buckets: 4 }],
  ['log', { algorithm: 'sliding-log', ...window }],
  ['leaky', { algorithm: 'leaky-bucket', maxDelayMs: 400, ...window }],
  ['finest', { limit: 1, windowMs: 1, algorithm: 'fixed-window' }],
  ['grouped', { ...window, group: 'team' }],
] as const

/** Every key of the subjects of this namespace, with its TTL. */
async function lifetimes(): Promise<[string, number][]> {
  const found: [string, number][] = []
  const match = `ls:{${harness.namespace}:*`
  for await (const keys of harness.redis.scanStream({ match, count: 1_000 })) {
    for (const key of keys as string[]) {
      if (!key.includes(':policies}')) found.push([key, await harness.redis.pttl(key)])
    }
  }
  return found
}

/** Keys without a TTL. A key that expires between two commands is not one of them. */
const immortal = async () => (await lifetimes()).filter(([, ttl]) => ttl === -1)

const gone = (name: string) =>
  until('no key of the subjects', async () =>
    (await lifetimes()).every(([key]) => !key.includes(name)),
  )

describe('the state of a subject', () => {
  it.each(POLICIES)('of %s expires', async (name, policy) => {
    const { put, post } = limitDriver(harness)
    await put(name, policy)
    const keys = Array.from({ length: 20 }, (_, i) => `${name}-${i}`)
    await Promise.all(keys.map((key) => post(`${name}/check`, { key }).expect(200)))
    await Promise.all(keys.map((key) => post(`${name}/check`, { key, cost: 3 }).expect(200)))
    await Promise.all(keys.map((key) => post(`${name}/refund`, { key }).expect(200)))
    expect(await immortal()).toEqual([])
    await gone(`${name}-`)
  })

  it('of leases expires', async () => {
    const { put, post } = limitDriver(harness)
    await put('leases', { algorithm: 'concurrency', limit: 3, leaseMs: 400 }).expect(201)
    for (let i = 0; i < 4; i++) await post('leases/leases/acquire', { key: 'k' }).expect(200)
    expect(await immortal()).toEqual([])
    await gone(':leases')
  })

  it('of a calendar minute expires with it', async () => {
    const { check } = limitDriver(harness)
    const limit = { name: 'c', algorithm: 'fixed-window', align: 'calendar', period: 'minute' }
    const ask = (peek: boolean) => check({ limits: [{ ...limit, limit: 5, key: 'c' }], peek })
    // Starts at the beginning of a minute.
    harness.advance((await ask(true).expect(200)).body.results[0].resetAfterMs)
    const { body } = await ask(false).expect(200)
    const [, ttl] = (await lifetimes()).find(([key]) => key.includes(':C:'))!
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(body.results[0].resetAfterMs)
  })

  it('of idempotency keys, reservations and blocks expires', async () => {
    const { put, post } = limitDriver(harness)
    await put('all', window).expect(201)
    const key = 'k'
    await post('all/check', { key }).set('idempotency-key', 'a').expect(200)
    await post('all/refund', { key }).set('idempotency-key', 'b').expect(200)
    await post('all/reserve', { key, ttlMs: 60_000 }).set('idempotency-key', 'c').expect(200)
    await post('all/block', { key, ttlMs: 60_000 }).expect(200)
    const found = await lifetimes()
    expect(found.length).toBeGreaterThanOrEqual(5)
    expect(found.filter(([, ttl]) => ttl === -1)).toEqual([])
  })
})

it('does not exist after a check that consumed nothing', async () => {
  const { check } = limitDriver(harness)
  for (const [name, policy] of POLICIES) {
    const limit = { name, ...policy, key: 'denied', cost: 11 }
    await check({ limits: [limit], peek: true }).expect(200)
    expect((await check({ limits: [limit] }).expect(200)).body.allowed).toBe(false)
  }
  expect((await lifetimes()).filter(([key]) => key.includes('denied'))).toEqual([])
})
