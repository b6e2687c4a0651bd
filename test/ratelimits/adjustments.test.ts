import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { COUNTING, limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)

const DAY_MS = 86_400_000

describe.each(COUNTING)('%s', (_name, policy) => {
  const name = randomUUID()
  let key: string

  async function consume(cost: number) {
    key = randomUUID()
    const { body } = await limits.post(`${name}/check`, { key, cost }).expect(200)
    expect(body.allowed).toBe(true)
    return body.results[0].takenAt as string
  }
  const refund = async (more: object) =>
    (await limits.post(`${name}/refund`, { key, ...more }).expect(200)).body

  beforeAll(async () => {
    await limits.put(name, policy).expect(201)
  })

  it('gives back the newest usage', async () => {
    const takenAt = await consume(8)
    const body = await refund({ cost: 5, takenAt })
    expect(body).toMatchObject({ policy: name, key, refunded: 5, limit: 10, remaining: 7 })
    expect(body.resetAfterMs).toBeGreaterThan(0)
    expect(await limits.remaining(name, key)).toBe(7)
  })

  it('takes the time in any zone, and without its fraction', async () => {
    const taken = Date.parse(await consume(4))
    const zoned = new Date(taken + 7_200_000).toISOString().replace('Z', '+02:00')
    expect(await refund({ cost: 1, takenAt: zoned })).toMatchObject({ refunded: 1 })
    const [whole] = new Date(taken + 1_000).toISOString().split('.')
    expect(await refund({ cost: 1, takenAt: `${whole}Z` })).toMatchObject({ refunded: 1 })
  })

  it('gives back no more than was consumed, and leaves nothing behind', async () => {
    await consume(3)
    expect(await refund({ cost: 100 })).toMatchObject({
      refunded: 3,
      remaining: 10,
      resetAfterMs: 0,
    })
    expect(await refund({ cost: 1 })).toMatchObject({ refunded: 0, remaining: 10 })
    expect(await harness.redis.keys(`ls:{${harness.namespace}:r:${key}}:*`)).toEqual([])
  })

  it('gives back nothing that no longer counts', async () => {
    await consume(3)
    const { takenAt } = (await limits.post(`${name}/peek`, { key })).body.results[0]
    // Over the end of the year as well.
    harness.advance(400 * DAY_MS)
    await limits.post(`${name}/check`, { key, cost: 2 }).expect(200)
    expect(await refund({ cost: 1, takenAt })).toMatchObject({ refunded: 0, remaining: 8 })
    expect(await refund({ cost: 1 })).toMatchObject({ refunded: 1, remaining: 9 })
  })

  it('gives back once for all repeats of a request', async () => {
    await consume(8)
    const ask = (cost: number) =>
      limits.post(`${name}/refund`, { key, cost }).set('idempotency-key', key)
    const first = await ask(2).expect(200)
    expect(first.headers).not.toHaveProperty('idempotent-replayed')
    const { body, headers } = await ask(2).expect(200)
    expect(headers['idempotent-replayed']).toBe('true')
    expect(body).toMatchObject({ refunded: 2, remaining: 4 })
    expect((await ask(3).expect(422)).body.code).toBe('idempotency-conflict')
    expect(await limits.remaining(name, key)).toBe(4)
  })

  it('has no usage after a reset', async () => {
    await consume(10)
    const { body } = await limits.post(`${name}/reset`, { key }).expect(200)
    expect(body).toEqual({ policy: name, key, changed: true })
    expect(await limits.remaining(name, key)).toBe(10)
    const again = await limits.post(`${name}/reset?key=${key}`, {}).expect(200)
    expect(again.body.changed).toBe(false)
  })
})

describe('a refund', () => {
  it('is of one unit by default, and takes its fields from the query', async () => {
    await limits.put('short', { limit: 10, windowMs: DAY_MS }).expect(201)
    await limits.post('short/check', { key: 'q', cost: 10 })
    expect((await limits.post('short/refund?key=q', {}).expect(200)).body.refunded).toBe(1)
    const { body, headers } = await limits.post('short/refund?key=q&cost=4', {}).expect(200)
    expect(body).toMatchObject({ refunded: 4, remaining: 5 })
    expect(headers['ratelimit-policy']).toBe('"short";q=10;w=86400')
    expect(headers.ratelimit).toMatch(/^"short";r=5;t=\d+$/)
  })

  it('takes from the newest bucket first', async () => {
    const policy = { algorithm: 'sliding-window', buckets: 4, mode: 'strict', limit: 10 }
    await limits.put('buckets', { ...policy, windowMs: 4_000_000 }).expect(201)
    const key = randomUUID()
    await limits.post('buckets/check', { key, cost: 4 })
    harness.advance(2_000_000)
    await limits.post('buckets/check', { key, cost: 3 })
    await limits.post('buckets/refund', { key, cost: 5 }).expect(200)
    expect(await limits.remaining('buckets', key)).toBe(8)
    // The refund emptied the newer bucket; the rest ends with the older one.
    harness.advance(3_000_000)
    expect(await limits.remaining('buckets', key)).toBe(10)
  })

  it.each([
    ['no key', {}, 'body/key'],
    ['a cost of 0', { key: 'k', cost: 0 }, 'body/cost'],
    ['a time before 1970', { key: 'k', takenAt: '1969-12-31T23:59:59.999Z' }, 'body/takenAt'],
    ['a time after 2100', { key: 'k', takenAt: '2100-01-01T00:00:00.001Z' }, 'body/takenAt'],
    ['a number as time', { key: 'k', takenAt: 1_795_248_000_000 }, 'body/takenAt'],
    ['a time without zone', { key: 'k', takenAt: '2026-11-21T01:10:00' }, 'body/takenAt'],
    ['a day that does not exist', { key: 'k', takenAt: '2026-02-30T00:00:00Z' }, 'body/takenAt'],
    ['an hour that does not exist', { key: 'k', takenAt: '2026-02-01T25:00:00Z' }, 'body/takenAt'],
    ['another format', { key: 'k', takenAt: 'Sat, 21 Nov 2026 01:10:00 GMT' }, 'body/takenAt'],
    ['an unknown field', { key: 'k', all: true }, 'body/all'],
  ])('is refused with %s', async (_what, body, pointer) => {
    const answer = await limits.post('short/refund', body).expect(400)
    expect(answer.body.errors).toEqual([faultAt(pointer)])
  })
})

it.each(['refund', 'reset', 'unblock'])('%s is a 404 for an unknown policy', async (verb) => {
  const { body } = await limits.post(`nowhere/${verb}`, { key: 'k' }).expect(404)
  expect(body.code).toBe('policy-not-found')
})
