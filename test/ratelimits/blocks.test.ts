import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { COUNTING, limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)

const exceptions = (key: string) => harness.redis.keys(`ls:{${harness.namespace}:r:${key}}:x:*`)

describe.each(COUNTING)('a block in %s', (_name, policy) => {
  const name = randomUUID()
  beforeAll(async () => {
    await limits.put(name, policy).expect(201)
  })

  it('denies for its ttlMs, and consumes nothing', async () => {
    const key = randomUUID()
    const { body } = await limits.post(`${name}/block`, { key, ttlMs: 600_000 }).expect(200)
    expect(body).toEqual({ policy: name, key, changed: true, expiresInMs: 600_000 })

    const denied = await limits.post(`${name}/check?onDeny=reject`, { key }).expect(429)
    expect(denied.body.detail).toBe(`${name} blocks this subject.`)
    expect(denied.body.results[0]).toMatchObject({ allowed: false, blocked: true, granted: 0 })
    expect(denied.body.retryAfterMs).toBeGreaterThan(500_000)
    expect(denied.body.retryAfterMs).toBeLessThanOrEqual(600_000)
    expect(Number(denied.headers['retry-after'])).toBe(Math.ceil(denied.body.retryAfterMs / 1_000))

    harness.advance(denied.body.retryAfterMs)
    const after = await limits.post(`${name}/check`, { key }).expect(200)
    expect(after.body).toMatchObject({ allowed: true, remaining: 9 })
    expect(after.body.results[0]).not.toHaveProperty('blocked')
  })

  it('waits for the limit as well', async () => {
    const key = randomUUID()
    await limits.post(`${name}/check`, { key, cost: 10 })
    const full = (await limits.post(`${name}/peek`, { key })).body.retryAfterMs
    await limits.post(`${name}/block`, { key, ttlMs: 1 })
    const { body } = await limits.post(`${name}/peek`, { key })
    expect(body.retryAfterMs).toBeGreaterThan(full - 60_000)
    expect(body.allowed).toBe(false)
  })
})

describe('a block', () => {
  const POLICY = { limit: 10, windowMs: 86_400_000 }
  beforeAll(async () => {
    await limits.put('api', POLICY).expect(201)
    await limits.put('other', POLICY).expect(201)
  })

  it('begins again when it is repeated, and ends by unblock', async () => {
    const key = randomUUID()
    await limits.post('api/block', { key, ttlMs: 60_000 })
    harness.advance(30_000)
    const again = await limits.post('api/block', { key, ttlMs: 60_000 })
    expect(again.body).toMatchObject({ changed: false, expiresInMs: 60_000 })
    const ended = await limits.post('api/unblock', { key }).expect(200)
    expect(ended.body).toEqual({ policy: 'api', key, changed: true })
    expect((await limits.post('api/check', { key })).body.allowed).toBe(true)
    expect((await limits.post(`api/unblock?key=${key}`, {})).body.changed).toBe(false)
    expect(await exceptions(key)).toEqual([])
  })

  it('holds for one policy and one subject', async () => {
    const key = randomUUID()
    await limits.post('api/block', { key, ttlMs: 60_000 })
    expect((await limits.post('other/check', { key })).body.allowed).toBe(true)
    expect((await limits.post('api/check', { key: `${key}x` })).body.allowed).toBe(true)
    const inline = { name: 'api', key, ...POLICY }
    expect((await limits.check({ limits: [inline] })).body.allowed).toBe(true)
  })

  it('denies all limits of a call, and consumes from none of them', async () => {
    const key = randomUUID()
    await limits.post('api/block', { key, ttlMs: 60_000 })
    const both = [
      { policy: 'api', key },
      { policy: 'other', key },
    ]
    const { body } = await limits.check({ limits: both })
    expect(body.allowed).toBe(false)
    expect(await limits.remaining('other', key)).toBe(10)
    const upTo = await limits.check({ limits: both, take: 'up-to', mode: 'each' })
    expect(upTo.body.results.map(({ granted }: { granted: number }) => granted)).toEqual([0, 1])
  })

  it('survives a reset, and adds no retry time to a cost that can never be allowed', async () => {
    const key = randomUUID()
    await limits.post('api/block', { key, ttlMs: 60_000 })
    await limits.post('api/reset', { key })
    const { body } = await limits.post('api/check', { key, cost: 11 })
    expect(body.results[0]).toMatchObject({ blocked: true, unsatisfiable: true })
    expect(body).not.toHaveProperty('retryAfterMs')
  })

  it('expires', async () => {
    const key = randomUUID()
    await limits.post('api/block', { key, ttlMs: 60_000 })
    const [exception] = await exceptions(key)
    const ttl = await harness.redis.pttl(exception as string)
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(60_000)
  })

  it('does not undo what a repeat was granted', async () => {
    const key = randomUUID()
    const ask = () => limits.post('api/check', { key }).set('idempotency-key', key)
    await ask()
    await limits.post('api/block', { key, ttlMs: 60_000 })
    const { body, headers } = await ask()
    expect(headers['idempotent-replayed']).toBe('true')
    expect(body).toMatchObject({ allowed: true, retryAfterMs: 0, remaining: 9 })
  })

  it.each([
    ['no time', { key: 'k' }, 'body/ttlMs'],
    ['no time at all', { key: 'k', ttlMs: 0 }, 'body/ttlMs'],
    ['more than a year', { key: 'k', ttlMs: 31_622_400_001 }, 'body/ttlMs'],
  ])('is refused with %s', async (_what, body, pointer) => {
    const answer = await limits.post('api/block', body).expect(400)
    expect(answer.body.errors).toEqual([faultAt(pointer)])
  })

  it('is a 404 for an unknown policy', async () => {
    await limits.post('nowhere/block', { key: 'k', ttlMs: 1 }).expect(404)
  })
})
