import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { COUNTING, limitDriver } from './driver.js'

const harness = useHarness()
const other = useHarness()
const limits = limitDriver(harness)

const at = (policy: string, key: string) =>
  `/v1/ratelimit-policies/${policy}/overrides/${encodeURIComponent(key)}`
const override = (policy: string, key: string, body: object) =>
  harness.request('put', at(policy, key)).send(body)

/** A bucket keeps only what fits a lower limit; else its subjects would wait for many windows. */
const forgives = (policy: object) => !('algorithm' in policy)

describe.each(COUNTING)('an override in %s', (_name, policy) => {
  const name = randomUUID()
  beforeAll(async () => {
    await limits.put(name, policy).expect(201)
  })

  it('gives one subject another limit, and keeps what was consumed', async () => {
    const key = randomUUID()
    await limits.post(`${name}/check`, { key, cost: 8 })
    await override(name, key, { limit: 100 }).expect(201)
    const { body, headers } = await limits.post(`${name}/check`, { key, cost: 42 }).expect(200)
    expect(body).toMatchObject({ allowed: true, remaining: 50, results: [{ limit: 100 }] })
    expect(headers['ratelimit-policy']).toContain(';q=100;')
    expect(await limits.remaining(name, `${key}x`)).toBe(10)

    // The old limit is below the usage: checks are denied until the usage falls below it.
    await harness.request('delete', at(name, key)).expect(204)
    const denied = (await limits.post(`${name}/check`, { key })).body
    expect(denied).toMatchObject({ allowed: false, remaining: 0, results: [{ limit: 10 }] })
    await override(name, key, { limit: 100 }).expect(201)
    expect(await limits.remaining(name, key)).toBe(forgives(policy) ? 90 : 50)
  })

  it('holds for its ttlMs', async () => {
    const key = randomUUID()
    const { body } = await override(name, key, { limit: 2, ttlMs: 60_000 }).expect(201)
    expect(body).toMatchObject({ policy: name, key, limit: 2, expiresInMs: 60_000 })
    expect(await limits.remaining(name, key)).toBe(2)
    harness.advance(60_000)
    expect(await limits.remaining(name, key)).toBe(10)
    await harness.request('get', at(name, key)).expect(404)
  })

  it('holds at once in every process', async () => {
    const key = randomUUID()
    const ask = () =>
      other
        .request('post', `/v1/ratelimits/${name}/peek`)
        .set('lockstep-namespace', harness.namespace)
        .send({ key })
        .expect(200)
    expect((await ask()).body.remaining).toBe(10)
    await override(name, key, { limit: 3 }).expect(201)
    expect((await ask()).body.remaining).toBe(3)
  })

  it('marks a cost that can never be allowed', async () => {
    const key = randomUUID()
    await override(name, key, { limit: 2 }).expect(201)
    const { body } = await limits.post(`${name}/check`, { key, cost: 3 })
    expect(body.results[0]).toMatchObject({ allowed: false, unsatisfiable: true })
  })

  it('shows in what a refund leaves', async () => {
    const key = randomUUID()
    await override(name, key, { limit: 50 }).expect(201)
    await limits.post(`${name}/check`, { key, cost: 30 })
    const { body } = await limits.post(`${name}/refund`, { key, cost: 10 })
    expect(body).toMatchObject({ refunded: 10, limit: 50, remaining: 30 })
  })
})

describe('an override', () => {
  beforeAll(async () => {
    await limits.put('api', { limit: 10, windowMs: 86_400_000, burst: 5 }).expect(201)
    await limits.put('window', { algorithm: 'fixed-window', limit: 10, windowMs: 60_000 })
    await limits.put('brief', { limit: 10, windowMs: 1_000 })
    await limits.put('fine', { limit: 10, windowMs: 1_000 })
    await limits.put('log', { algorithm: 'sliding-log', limit: 10, windowMs: 60_000 })
  })

  it('is read, replaced and deleted', async () => {
    const key = 'Zoë/{7}'
    await harness.request('get', at('api', key)).expect(404)
    const created = await override('api', key, { limit: 100, burst: 7 }).expect(201)
    const version = expect.any(Number)
    expect(created.body).toEqual({ policy: 'api', key, limit: 100, burst: 7, version })
    expect((await harness.request('get', at('api', key)).expect(200)).body).toEqual(created.body)
    await override('api', key, { limit: 20 }).expect(200)
    expect((await harness.request('get', at('api', key))).body.burst).toBe(5)
    await harness.request('delete', at('api', key)).expect(204)
    await harness.request('delete', at('api', key)).expect(204)
    const { body } = await harness.request('get', at('api', key)).expect(404)
    expect(body.code).toBe('override-not-found')
  })

  it('is changed and deleted by its version alone where the caller names one', async () => {
    const key = randomUUID()
    const remove = (match: string) =>
      harness.request('delete', at('api', key)).set('if-match', match)
    await override('api', key, { limit: 1 }).set('if-match', '*').expect(412)
    await remove('*').expect(412)
    const first = await override('api', key, { limit: 1 }).set('if-none-match', '*').expect(201)
    const tag = first.headers.etag as string
    expect((await harness.request('get', at('api', key))).headers.etag).toBe(tag)
    const refused = await override('api', key, { limit: 2 }).set('if-none-match', '*').expect(412)
    expect(refused.body.code).toBe('precondition-failed')
    const second = await override('api', key, { limit: 2 }).set('if-match', tag).expect(200)
    expect(second.body.version).toBeGreaterThan(first.body.version)
    await override('api', key, { limit: 3 }).set('if-match', tag).expect(412)
    await override('api', key, { limit: 3 }).set('if-match', 'nonsense').expect(400)
    await remove(tag).expect(412)
    expect((await harness.request('get', at('api', key))).body).toEqual(second.body)
    await remove(second.headers.etag as string).expect(204)
    await harness.request('get', at('api', key)).expect(404)
  })

  it('that is patched keeps what is not named, also its end', async () => {
    const key = randomUUID()
    const patch = (body: object) => harness.request('patch', at('api', key)).send(body)
    expect((await patch({ limit: 1 }).expect(404)).body.code).toBe('override-not-found')
    const put = await override('api', key, { limit: 50, burst: 7, ttlMs: 60_000 }).expect(201)
    harness.advance(20_000)
    const { body, headers } = await patch({ limit: 60 }).expect(200)
    expect(body).toMatchObject({ policy: 'api', key, limit: 60, burst: 7 })
    expect(body.version).toBeGreaterThan(put.body.version)
    expect(body.expiresInMs).toBeLessThanOrEqual(40_000)
    expect((await harness.request('get', at('api', key))).headers.etag).toBe(headers.etag)
    const longer = await patch({ ttlMs: 120_000, burst: 8 }).expect(200)
    expect(longer.body).toMatchObject({ limit: 60, burst: 8 })
    expect(longer.body.expiresInMs).toBeGreaterThan(100_000)
    harness.advance(120_000)
    await patch({ limit: 70 }).expect(404)
  })

  it('without an end that is patched still has none', async () => {
    const key = randomUUID()
    await override('api', key, { limit: 50 }).expect(201)
    const { body } = await harness.request('patch', at('api', key)).send({ limit: 60 }).expect(200)
    expect(body).not.toHaveProperty('expiresInMs')
    expect(await limits.remaining('api', key)).toBe(5)
  })

  it('follows the burst of its policy also after a patch', async () => {
    const key = randomUUID()
    await limits.put('bursty', { limit: 10, windowMs: 60_000, burst: 5 }).expect(201)
    await override('bursty', key, { limit: 50 }).expect(201)
    await harness.request('patch', at('bursty', key)).send({ limit: 60 }).expect(200)
    await limits.put('bursty', { limit: 10, windowMs: 60_000, burst: 9 }).expect(200)
    expect((await harness.request('get', at('bursty', key))).body.burst).toBe(9)
  })

  it('with a burst is patched also where its policy has none any more', async () => {
    const key = randomUUID()
    await limits.put('turned', { limit: 10, windowMs: 60_000 }).expect(201)
    await override('turned', key, { limit: 50, burst: 7 }).expect(201)
    await limits.put('turned', { algorithm: 'fixed-window', limit: 10, windowMs: 60_000 })
    const { body } = await harness.request('patch', at('turned', key)).send({ limit: 60 })
    expect(body).toMatchObject({ limit: 60 })
    expect(body).not.toHaveProperty('burst')
  })

  it('without a burst of its own or of its policy has its limit as the burst, also after a patch', async () => {
    const key = randomUUID()
    await limits.put('plain', { limit: 10, windowMs: 60_000 }).expect(201)
    await override('plain', key, { limit: 50 }).expect(201)
    const patched = await harness.request('patch', at('plain', key)).send({ limit: 2 }).expect(200)
    expect(patched.body).toMatchObject({ limit: 2, burst: 2 })
    await override('plain', key, { limit: 50, burst: 7 }).expect(200)
    const kept = await harness.request('patch', at('plain', key)).send({ limit: 2 }).expect(200)
    expect(kept.body).toMatchObject({ limit: 2, burst: 7 })
  })

  it('loses none of many patches at the same time', async () => {
    const key = randomUUID()
    await override('api', key, { limit: 1 }).expect(201)
    const fields = [{ limit: 70 }, { burst: 4 }, { ttlMs: 60_000 }]
    const patched = fields.map((body) =>
      harness.request('patch', at('api', key)).send(body).expect(200),
    )
    await Promise.all(patched)
    const { body } = await harness.request('get', at('api', key)).expect(200)
    expect(body).toMatchObject({ limit: 70, burst: 4 })
    expect(body.expiresInMs).toBeLessThanOrEqual(60_000)
  })

  it('is patched in the version that the caller saw', async () => {
    const key = randomUUID()
    const { headers } = await override('api', key, { limit: 1 }).expect(201)
    const tag = headers.etag as string
    const patch = (match: string) =>
      harness.request('patch', at('api', key)).set('if-match', match).send({ limit: 2 })
    await patch('"1"').expect(412)
    await patch(tag).expect(200)
    await patch(tag).expect(412)
    await patch('nonsense').expect(400)
    await patch('*').expect(200)
  })

  it.each([
    ['nothing', 'api', {}, 'body'],
    ['an unknown field', 'api', { shadow: true }, 'body/shadow'],
    ['no limit', 'api', { limit: 0 }, 'body/limit'],
    ['a limit too fine for the window', 'fine', { limit: 1_000_000 }, 'body/limit'],
    ['a burst where there is none', 'window', { burst: 3 }, 'body/burst'],
  ])('is not patched with %s', async (_what, policy, body, pointer) => {
    const key = randomUUID()
    await override(policy, key, { limit: 5 }).expect(201)
    const answer = await harness.request('patch', at(policy, key)).send(body).expect(400)
    expect(answer.body.errors).toEqual([faultAt(pointer)])
  })

  it('has a version of its own, which a block leaves as it is', async () => {
    const key = randomUUID()
    const { headers } = await override('api', key, { limit: 1 }).expect(201)
    await limits.post('api/block', { key, ttlMs: 60_000 }).expect(200)
    await limits.post('api/unblock', { key }).expect(200)
    expect((await harness.request('get', at('api', key))).headers.etag).toBe(headers.etag)
  })

  it('never has a version twice, also when the clock steps back', async () => {
    const key = randomUUID()
    const first = await override('api', key, { limit: 1 }).expect(201)
    harness.advance(-60_000)
    const second = await override('api', key, { limit: 2 }).expect(200)
    harness.advance(60_000)
    expect(second.body.version).toBe(first.body.version + 1)
  })

  it('that has ended matches nothing', async () => {
    const key = randomUUID()
    const { headers } = await override('api', key, { limit: 1, ttlMs: 60_000 }).expect(201)
    await limits.post('api/block', { key, ttlMs: 600_000 }).expect(200)
    harness.advance(60_000)
    const change = () => override('api', key, { limit: 2 })
    await change()
      .set('if-match', headers.etag as string)
      .expect(412)
    await change().set('if-none-match', '*').expect(201)
  })

  it('that was refused is not listed, and does not end the listing of another', async () => {
    const other = randomUUID()
    const refused = randomUUID()
    const list = async () => {
      const { body } = await harness.request('get', '/v1/ratelimit-policies/brief/overrides')
      return body.items.map(({ key }: { key: string }) => key)
    }
    await override('brief', other, { limit: 1 }).expect(201)
    await override('brief', other, { limit: 2, ttlMs: 1 }).set('if-none-match', '*').expect(412)
    await override('brief', refused, { limit: 2 }).set('if-match', '*').expect(412)
    harness.advance(1)
    await override('brief', randomUUID(), { limit: 1, ttlMs: 1 }).expect(201)
    harness.advance(1)
    expect(await list()).toEqual([other])
    const names = `ls:{${harness.namespace}:policies}:rl-overrides:brief`
    expect(await harness.redis.zrange(names, '0', '-1')).not.toContain(`/${refused}`)
  })

  it('with a ttlMs expires, and one without stays', async () => {
    const key = randomUUID()
    const place = `ls:{${harness.namespace}:r:${key}}:x:api`
    await override('api', key, { limit: 100, ttlMs: 60_000 })
    expect(await harness.redis.pttl(place)).toBeGreaterThan(0)
    await override('api', key, { limit: 100 })
    expect(await harness.redis.pttl(place)).toBe(-1)
    await harness.request('delete', at('api', key))
    expect(await harness.redis.exists(place)).toBe(0)
  })

  it('and a block do not change each other', async () => {
    const key = randomUUID()
    await override('api', key, { limit: 100, burst: 50, ttlMs: 120_000 })
    await limits.post('api/block', { key, ttlMs: 60_000 })
    expect((await limits.post('api/peek', { key })).body).toMatchObject({
      allowed: false,
      remaining: 50,
    })
    await limits.post('api/unblock', { key })
    expect(await limits.remaining('api', key)).toBe(50)
    await limits.post('api/block', { key, ttlMs: 600_000 })
    harness.advance(120_000)
    const { body } = await limits.post('api/peek', { key })
    expect(body).toMatchObject({ allowed: false, remaining: 5 })
    expect(body.results[0]).toMatchObject({ blocked: true, limit: 10 })
  })

  it('follows the policy into another window', async () => {
    await limits.put('moving', { limit: 10, windowMs: 60_000 }).expect(201)
    const key = randomUUID()
    await override('moving', key, { limit: 4 }).expect(201)
    await limits.put('moving', { limit: 10, windowMs: 3_600_000 }).expect(200)
    await limits.post('moving/check', { key, cost: 4 }).expect(200)
    const { body } = await limits.post('moving/peek', { key })
    expect(body.allowed).toBe(false)
    expect(body.retryAfterMs).toBeGreaterThan(800_000)
    expect(body.retryAfterMs).toBeLessThanOrEqual(900_000)
  })

  it.each([
    ['no limit', 'api', {}, 'body/limit'],
    ['a limit of nothing', 'api', { limit: 0 }, 'body/limit'],
    ['a limit too fine for the window', 'brief', { limit: 1_000_000 }, 'body/limit'],
    ['a log too long', 'log', { limit: 10_001 }, 'body/limit'],
    ['a burst where there is none', 'window', { limit: 5, burst: 3 }, 'body/burst'],
    ['no time', 'api', { limit: 5, ttlMs: 0 }, 'body/ttlMs'],
  ])('is refused with %s', async (_what, policy, body, pointer) => {
    const answer = await override(policy, 'k', body).expect(400)
    expect(answer.body.errors).toEqual([faultAt(pointer)])
  })

  it.each(['put', 'patch', 'get', 'delete'] as const)(
    'knows no policy that is not there: %s',
    async (m) => {
      const request = harness.request(m, at('nowhere', 'k'))
      const isChange = m === 'put' || m === 'patch'
      const { body } = await (isChange ? request.send({ limit: 1 }) : request).expect(404)
      expect(body.code).toBe('policy-not-found')
    },
  )
})

describe('a policy that changes', () => {
  it.each(COUNTING)('keeps what was consumed: %s', async (_name, policy) => {
    const name = randomUUID()
    await limits.put(name, policy).expect(201)
    const key = randomUUID()
    await limits.post(`${name}/check`, { key, cost: 6 })
    await limits.put(name, { ...policy, limit: 20 }).expect(200)
    expect(await limits.remaining(name, key)).toBe(14)
    await limits.put(name, { ...policy, limit: 5 }).expect(200)
    expect(await limits.remaining(name, key)).toBe(0)
    await limits.put(name, policy).expect(200)
    expect(await limits.remaining(name, key)).toBe(forgives(policy) ? 5 : 4)
  })

  it('does so in every process within a second', async () => {
    const name = randomUUID()
    const ask = async () => {
      const { body } = await other
        .request('post', `/v1/ratelimits/${name}/peek`)
        .set('lockstep-namespace', harness.namespace)
        .send({ key: 'k' })
        .expect(200)
      return body.remaining as number
    }
    await limits.put(name, { limit: 10, windowMs: 60_000 }).expect(201)
    expect(await ask()).toBe(10)
    await limits.put(name, { limit: 20, windowMs: 60_000 }).expect(200)
    await expect.poll(ask, { interval: 20 }).toBe(20)
  })

  it('starts afresh with another window, algorithm or group', async () => {
    const key = randomUUID()
    const first = { algorithm: 'fixed-window', limit: 10, windowMs: 86_400_000 }
    await limits.put('fresh', first).expect(201)
    await limits.post('fresh/check', { key, cost: 6 })
    for (const change of [
      { windowMs: 43_200_000 },
      { algorithm: 'sliding-window' },
      { group: 'g' },
    ]) {
      await limits.put('fresh', { ...first, ...change }).expect(200)
      expect(await limits.remaining('fresh', key)).toBe(10)
    }
  })
})
