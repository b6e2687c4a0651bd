import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { COUNTING, limitDriver } from './driver.js'

/** Long enough that the duration of the test does not matter. */
const HOUR_MS = 3_600_000

const harness = useHarness()
const limits = limitDriver(harness)

beforeAll(async () => {
  await limits.put('api', { limit: 10, windowMs: 8_640_000_000 }).expect(201)
})

const reserve = async (name: string, key: string, cost: number, more: object = {}) => {
  const { body } = await limits.post(`${name}/reserve`, { key, cost, ...more }).expect(200)
  return body
}
const commit = (name: string, key: string, token: string, actual: number) =>
  limits.post(`${name}/commit`, { key, token, actual })
const cancel = (name: string, key: string, token: string) =>
  limits.post(`${name}/cancel`, { key, token })

describe.each(COUNTING)('a reservation in %s', (_name, policy) => {
  const name = randomUUID()
  beforeAll(async () => {
    await limits.put(name, policy).expect(201)
  })

  it('counts at once, and gives back what was not needed', async () => {
    const key = randomUUID()
    const reserved = await reserve(name, key, 8)
    expect(reserved).toMatchObject({
      allowed: true,
      remaining: 2,
      results: [{ policy: name, key, granted: 8 }],
    })
    expect(reserved.token).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(reserved.expiresInMs).toBeGreaterThan(30_000)
    expect(reserved.expiresInMs).toBeLessThanOrEqual(60_000)
    expect(await limits.remaining(name, key)).toBe(2)

    const { body, headers } = await commit(name, key, reserved.token, 3).expect(200)
    expect(body).toMatchObject({
      policy: name,
      key,
      reserved: 8,
      actual: 3,
      refunded: 5,
      limit: 10,
      remaining: 7,
    })
    expect(headers.ratelimit).toContain(';r=7;')
    expect(await limits.remaining(name, key)).toBe(7)
  })

  it('becomes a debt if it cost more than remains, and every call is denied until it is paid back', async () => {
    const key = randomUUID()
    const { token } = await reserve(name, key, 4)
    const { body } = await commit(name, key, token, 13).expect(200)
    expect(body).toMatchObject({ reserved: 4, actual: 13, refunded: 0, remaining: 0 })
    await limits.post(`${name}/refund`, { key, cost: 3 }).expect(200)
    const denied = (await limits.post(`${name}/check`, { key })).body
    expect(denied).toMatchObject({ allowed: false, remaining: 0 })
    await limits.post(`${name}/refund`, { key, cost: 1 }).expect(200)
    expect((await limits.post(`${name}/check`, { key })).body.allowed).toBe(true)
  })

  it('is denied where there is no room, and consumes nothing', async () => {
    const key = randomUUID()
    await limits.post(`${name}/check`, { key, cost: 8 })
    const denied = await reserve(name, key, 3)
    expect(denied).toMatchObject({ allowed: false, remaining: 2, results: [{ granted: 0 }] })
    expect(denied).not.toHaveProperty('token')
    expect(denied).not.toHaveProperty('expiresInMs')
    const refused = await limits.post(`${name}/reserve?onDeny=reject`, { key, cost: 3 }).expect(429)
    expect(refused.body).toMatchObject({ code: 'rate-limited', results: [{ allowed: false }] })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(await limits.remaining(name, key)).toBe(2)
  })

  it('is cancelled, which leaves nothing behind', async () => {
    const key = randomUUID()
    const { token } = await reserve(name, key, 8)
    const { body } = await cancel(name, key, token).expect(200)
    expect(body).toMatchObject({ reserved: 8, actual: 0, refunded: 8, remaining: 10 })
    expect(await harness.redis.keys(`ls:{${harness.namespace}:r:${key}}:*`)).toEqual([])
  })
})

describe('a reservation', () => {
  it('is settled at most once', async () => {
    const key = randomUUID()
    const { token } = await reserve('api', key, 8)
    await commit('api', key, token, 4).expect(200)
    expect((await commit('api', key, token, 4).expect(410)).body.code).toBe('reservation-expired')
    await cancel('api', key, token).expect(410)
    expect(await limits.remaining('api', key)).toBe(6)
  })

  it('may cost what was reserved', async () => {
    const key = randomUUID()
    const { token } = await reserve('api', key, 4)
    const { body } = await commit('api', key, token, 4).expect(200)
    expect(body).toMatchObject({ refunded: 0, remaining: 6 })
  })

  it('stays consumed after it has expired', async () => {
    const key = randomUUID()
    const { token } = await reserve('api', key, 4, { ttlMs: 5_000 })
    harness.advance(5_000)
    await commit('api', key, token, 1).expect(410)
    expect(await limits.remaining('api', key)).toBe(6)
  })

  it('expires', async () => {
    const key = randomUUID()
    await reserve('api', key, 4, { ttlMs: 60_000 })
    const [place] = await harness.redis.keys(`ls:{${harness.namespace}:r:${key}}:reserved:*`)
    const ttl = await harness.redis.pttl(place as string)
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(60_000)
  })

  it('belongs to its policy and subject', async () => {
    const key = randomUUID()
    await limits.put('other', { limit: 10, windowMs: 8_640_000_000 })
    const { token } = await reserve('api', key, 4)
    await commit('other', key, token, 1).expect(410)
    await commit('api', `${key}x`, token, 1).expect(410)
    await commit('api', key, token, 1).expect(200)
  })

  it('gives back nothing of an ended window', async () => {
    const window = { algorithm: 'fixed-window', align: 'first-hit', limit: 10, windowMs: HOUR_MS }
    await limits.put('window', window)
    const key = randomUUID()
    const { token } = await reserve('window', key, 4, { ttlMs: 2 * HOUR_MS })
    harness.advance(HOUR_MS)
    await limits.post('window/check', { key, cost: 2 })
    const { body } = await commit('window', key, token, 1).expect(200)
    expect(body).toMatchObject({ refunded: 0, remaining: 8 })
  })

  it('takes its fields from the query as well', async () => {
    const key = randomUUID()
    const { body } = await limits.post(`api/reserve?key=${key}&cost=3&ttlMs=5000`, {}).expect(200)
    expect(body.remaining).toBe(7)
    expect(body.expiresInMs).toBeLessThanOrEqual(5_000)
  })

  it('is made and settled once by requests that are repeated', async () => {
    const key = randomUUID()
    const ask = () =>
      limits.post('api/reserve', { key, cost: 6 }).set('idempotency-key', `r-${key}`)
    const first = (await ask().expect(200)).body
    harness.advance(1_000)
    const again = await ask().expect(200)
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect(again.body).toMatchObject({
      allowed: true,
      token: first.token,
      remaining: 4,
      retryAfterMs: 0,
      results: [{ allowed: true, granted: 6, takenAt: first.results[0].takenAt }],
    })
    expect(again.body.expiresInMs).toBeLessThanOrEqual(59_000)

    const settle = (actual: number) =>
      commit('api', key, first.token, actual).set('idempotency-key', `c-${key}`)
    expect((await settle(2).expect(200)).headers).not.toHaveProperty('idempotent-replayed')
    const repeat = await settle(2).expect(200)
    expect(repeat.headers['idempotent-replayed']).toBe('true')
    expect(repeat.body).toMatchObject({ reserved: 6, actual: 2, refunded: 4, remaining: 8 })
    await settle(1).expect(422)
    await limits
      .post('api/reserve', { key, cost: 1 })
      .set('idempotency-key', `r-${key}`)
      .expect(422)
    expect(await limits.remaining('api', key)).toBe(8)
  })

  it('that was denied is decided again when it is repeated', async () => {
    const key = randomUUID()
    const ask = () => limits.post('api/reserve', { key, cost: 6 }).set('idempotency-key', key)
    await limits.post('api/check', { key, cost: 10 })
    expect((await ask()).body.allowed).toBe(false)
    await limits.post('api/reset', { key })
    const { body, headers } = await ask()
    expect(body.allowed).toBe(true)
    expect(headers).not.toHaveProperty('idempotent-replayed')
  })

  it('is denied to a blocked subject, and settled all the same', async () => {
    const key = randomUUID()
    const { token } = await reserve('api', key, 6)
    await limits.post('api/block', { key, ttlMs: 60_000 })
    expect(await reserve('api', key, 1)).toMatchObject({
      allowed: false,
      results: [{ blocked: true }],
    })
    await commit('api', key, token, 1).expect(200)
  })

  it('follows an override', async () => {
    const key = randomUUID()
    await harness
      .request('put', `/v1/ratelimit-policies/api/overrides/${key}`)
      .send({ limit: 100 })
      .expect(201)
    const reserved = await reserve('api', key, 50)
    expect(reserved).toMatchObject({ allowed: true, results: [{ limit: 100 }] })
    const { body } = await commit('api', key, reserved.token, 20).expect(200)
    expect(body).toMatchObject({ limit: 100, remaining: 80 })
  })

  it('of a shadow limit is never denied, and reserves 0 without room', async () => {
    await limits.put('dark', { limit: 10, windowMs: 8_640_000_000, shadow: true }).expect(201)
    const key = randomUUID()
    await reserve('dark', key, 8)
    const reserved = await reserve('dark', key, 8)
    expect(reserved).toMatchObject({
      allowed: true,
      results: [{ allowed: false, granted: 0, shadow: true }],
    })
    const { body, headers } = await commit('dark', key, reserved.token, 9).expect(200)
    expect(body).toMatchObject({ reserved: 0, refunded: 0, remaining: 2 })
    expect(headers).not.toHaveProperty('ratelimit')
  })

  it('of a leaky bucket answers with its delay', async () => {
    const policy = {
      algorithm: 'leaky-bucket',
      limit: 10,
      windowMs: 10_000_000,
      maxDelayMs: 5_000_000,
    }
    await limits.put('queue', policy).expect(201)
    const key = randomUUID()
    expect((await reserve('queue', key, 2)).results[0].delayMs).toBe(0)
    const ask = () => limits.post('queue/reserve', { key, cost: 1 }).set('idempotency-key', key)
    const { delayMs } = (await ask()).body.results[0]
    expect(delayMs).toBeGreaterThan(1_000_000)
    expect(delayMs).toBeLessThanOrEqual(2_000_000)
    harness.advance(500_000)
    expect((await ask()).body.results[0].delayMs).toBeLessThanOrEqual(delayMs - 500_000)
  })
})

describe('bad input', () => {
  const id = 'A'.repeat(22)
  it.each([
    ['reserve', { cost: 1 }, 'body/key'],
    ['reserve', { key: 'k', cost: 0 }, 'body/cost'],
    ['reserve', { key: 'k', ttlMs: 86_400_001 }, 'body/ttlMs'],
    ['commit', { key: 'k', token: id }, 'body/actual'],
    ['commit', { key: 'k', token: id, actual: -1 }, 'body/actual'],
    ['commit', { key: 'k', token: 'short', actual: 1 }, 'body/token'],
    ['cancel', { key: 'k', token: id, actual: 1 }, 'body/actual'],
  ])('is refused by %s: %j', async (verb, body, pointer) => {
    const answer = await limits.post(`api/${verb}`, body).expect(400)
    expect(answer.body.errors).toEqual([faultAt(pointer)])
  })

  it.each([
    ['reserve', { key: 'k' }],
    ['commit', { key: 'k', token: id, actual: 1 }],
    ['cancel', { key: 'k', token: id }],
    ['refund', { key: 'k' }],
  ])('has nothing to %s where leases are counted', async (verb, body) => {
    await limits.put('leases', { algorithm: 'concurrency', limit: 3, leaseMs: 1_000 })
    const answer = await limits.post(`leases/${verb}`, body).expect(400)
    expect(answer.body.errors).toEqual([faultAt('path/policy')])
  })

  it.each([
    ['reserve', { key: 'k' }],
    ['commit', { key: 'k', token: id, actual: 1 }],
    ['cancel', { key: 'k', token: id }],
  ])('names no policy that is not there: %s', async (verb, body) => {
    expect((await limits.post(`nowhere/${verb}`, body).expect(404)).body.code).toBe(
      'policy-not-found',
    )
  })
})
