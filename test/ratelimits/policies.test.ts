import { describe, expect, it } from 'vitest'
import { limitKey } from '../../src/ratelimits/keys.js'
import { startHarness, useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const { put } = limitDriver(harness)

const at = (name: string) => `/v1/ratelimit-policies/${name}`
const ask = (name: string, verb: string, query: string) =>
  harness.request('post', `/v1/ratelimits/${name}/${verb}${query}`)

const API = { limit: 3, windowMs: 3_600_000 }

describe('a policy', () => {
  it('is created, read, changed, listed and removed', async () => {
    const created = await put('api', API).expect(201)
    expect(created.body).toMatchObject({ name: 'api', ...API, maxInAnyWindow: 6, source: 'api' })

    const read = await harness.request('get', at('api')).expect(200)
    expect(read.body).toEqual(created.body)
    expect(read.headers.etag).toBe(created.headers.etag)

    const changed = await put('api', { ...API, burst: 1 }).expect(200)
    expect(changed.body).toMatchObject({ burst: 1, maxInAnyWindow: 4 })
    expect(changed.body.version).toBeGreaterThan(created.body.version)

    const { body } = await harness.request('get', '/v1/ratelimit-policies').expect(200)
    expect(body).toEqual({ items: [changed.body] })

    await harness.request('delete', at('api')).expect(204)
    await harness.request('delete', at('api')).expect(204)
    expect((await harness.request('get', at('api')).expect(404)).body.code).toBe('policy-not-found')
  })

  it('changes only in the version the caller saw', async () => {
    const { headers } = await put('cas', API).expect(201)
    await put('cas', API).set('if-none-match', '*').expect(412)
    await put('cas', { ...API, limit: 4 })
      .set('if-match', '"1"')
      .expect(412)
    await put('cas', { ...API, limit: 4 })
      .set('if-match', headers.etag as string)
      .expect(200)
    await harness
      .request('delete', at('cas'))
      .set('if-match', headers.etag as string)
      .expect(412)
  })

  it('bounds a subject, in the short form as well', async () => {
    await put('short', API).expect(201)
    for (const remaining of [2, 1, 0]) {
      const { body } = await ask('short', 'check', '?key=u1').expect(200)
      expect(body).toMatchObject({ allowed: true, remaining })
    }
    await ask('short', 'check', '?key=u1&onDeny=reject').expect(429)
    expect((await ask('short', 'peek', '?key=u2').expect(200)).body.remaining).toBe(3)
    const cost = await ask('short', 'check', '').send({ key: 'u3', cost: 3 })
    expect(cost.body).toMatchObject({ allowed: true, remaining: 0 })
  })

  it('is looked up in Redis before it is called unknown', async () => {
    const other = await startHarness()
    try {
      await put('elsewhere', API).expect(201)
      const { body } = await other
        .request('post', '/v1/ratelimits/elsewhere/check?key=a')
        .set('lockstep-namespace', harness.namespace)
        .expect(200)
      expect(body.allowed).toBe(true)
    } finally {
      await other.close()
    }
  })

  it.each([
    ['no limit', { windowMs: 1 }, 'body/limit'],
    ['a limit too fine for its window', { limit: 1_000_000_000, windowMs: 1 }, 'body/limit'],
    ['align for gcra', { ...API, align: 'epoch' }, 'body/align'],
    ['burst for a window', { ...API, algorithm: 'fixed-window', burst: 2 }, 'body/burst'],
  ])('is refused with %s', async (_what, body, pointer) => {
    const answer = await put('bad', body).expect(400)
    expect(answer.body.errors).toEqual([faultAt(pointer)])
  })
})

const patch = (name: string, body: object) => harness.request('patch', at(name)).send(body)

describe('a change of some settings', () => {
  it('keeps the others, whole settings and lists included', async () => {
    const stored = { ...API, burst: 2, deny: ['a'], authz: { key: ['address'], trustedHops: 2 } }
    const { body: before } = await put('patched', stored).expect(201)
    const answer = await patch('patched', { limit: 9, authz: { key: ['address'] } }).expect(200)
    expect(answer.body).toEqual({
      ...before,
      limit: 9,
      authz: { key: ['address'] },
      maxInAnyWindow: 11,
      version: expect.any(Number),
    })
    expect(answer.body.version).toBeGreaterThan(before.version)
    const read = await harness.request('get', at('patched')).expect(200)
    expect(read.body).toEqual(answer.body)
    expect(read.headers.etag).toBe(answer.headers.etag)
  })

  it('fills in no default', async () => {
    const window = { algorithm: 'fixed-window', limit: 5, windowMs: 60_000 }
    await put('windowed', window).expect(201)
    const { body } = await patch('windowed', { limit: 6 }).expect(200)
    expect(body).toMatchObject({ ...window, limit: 6 })
  })

  it('happens in the version that the caller saw', async () => {
    const { headers } = await put('versioned', API).expect(201)
    const tag = headers.etag as string
    await patch('versioned', { limit: 4 }).set('if-match', '"1"').expect(412)
    await patch('versioned', { limit: 4 }).set('if-none-match', '*').expect(412)
    await patch('versioned', { limit: 4 }).set('if-match', tag).expect(200)
    const { body } = await patch('versioned', { limit: 5 }).set('if-match', tag).expect(412)
    expect(body.code).toBe('precondition-failed')
    await patch('versioned', { limit: 5 }).set('if-match', '*').expect(200)
  })

  it('loses none of many at the same time', async () => {
    await put('raced', API).expect(201)
    const fields = [{ limit: 7 }, { windowMs: 1_000 }, { burst: 4 }, { shadow: true }]
    await Promise.all(fields.map((field) => patch('raced', field).expect(200)))
    const { body } = await harness.request('get', at('raced')).expect(200)
    expect(body).toMatchObject({ limit: 7, windowMs: 1_000, burst: 4, shadow: true })
  })

  it('needs a policy', async () => {
    const { body } = await patch('nowhere', { limit: 4 }).expect(404)
    expect(body.code).toBe('policy-not-found')
    await patch('nowhere', { limit: 4 }).set('if-match', '*').expect(404)
  })

  it.each([
    ['nothing', {}, 'body'],
    ['an unknown field', { speed: 1 }, 'body/speed'],
    ['a value out of bounds', { limit: 0 }, 'body/limit'],
    ['no value', { limit: null }, 'body/limit'],
    ['a field of another algorithm', { align: 'epoch' }, 'body/align'],
    ['an algorithm that lacks a field', { algorithm: 'leaky-bucket' }, 'body/maxDelayMs'],
    ['a limit too fine for its window', { limit: 1_000_000_000 }, 'body/limit'],
  ])('is refused with %s, and nothing changes', async (_what, body, pointer) => {
    const { body: before } = await put('kept', API)
    const answer = await patch('kept', body).expect(400)
    expect(answer.body.errors).toEqual([faultAt(pointer)])
    expect((await harness.request('get', at('kept'))).body).toEqual(before)
  })
})

describe('the list of policies', () => {
  const list = (query: object = {}) => harness.request('get', '/v1/ratelimit-policies').query(query)
  const names = ({ items }: { items: { name: string }[] }) => items.map(({ name }) => name)

  it('comes in pages, by name and prefix', async () => {
    for (const name of ['p-c', 'p-a', 'p-b', 'q', 'p-d', 'p-']) await put(name, API).expect(201)
    const first = (await list({ prefix: 'p-', limit: 2 }).expect(200)).body
    expect(names(first)).toEqual(['p-', 'p-a'])
    const { body } = await list({ prefix: 'p-', limit: 3, cursor: first.nextCursor }).expect(200)
    expect(names(body)).toEqual(['p-b', 'p-c', 'p-d'])
    expect(body).not.toHaveProperty('nextCursor')
    expect((await list({ prefix: 'none' }).expect(200)).body).toEqual({ items: [] })
    expect(names((await list({ limit: 1_000 })).body)).toContain('q')
  })

  it.each([
    ['a limit of nothing', { limit: 0 }, 'limit'],
    ['a limit too large', { limit: 1_001 }, 'limit'],
    ['what is no cursor', { cursor: '!' }, 'cursor'],
    ['the cursor of another prefix', { prefix: 'b', cursor: 'YQ' }, 'cursor'],
    ['an unknown field', { after: 'a' }, 'after'],
  ])('is refused with %s', async (_what, query, field) => {
    const { body } = await list(query).expect(400)
    expect(body.errors).toEqual([faultAt(`query/${field}`)])
  })
})

describe('keys', () => {
  it('keep subjects apart, long ones as well', () => {
    const long = 'x'.repeat(100)
    const names = ['a', 'a:g', '{a}', '%7Ba%7D', long, `${long}y`, '%', `%${long}`]
    const keys = names.map((name) => limitKey('ns', 'g', { name: 'api', key: name, inline: false }))
    expect(new Set(keys).size).toBe(names.length)
  })
})
