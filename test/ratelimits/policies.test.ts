import { describe, expect, it } from 'vitest'
import { limitKey } from '../../src/ratelimits/keys.js'
import { startHarness, useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const { put } = limitDriver(harness)

const at = (name: string) => `/v1/ratelimits/policies/${name}`
const ask = (name: string, verb: string, query: string) =>
  harness.request('post', `/v1/ratelimits/${name}/${verb}${query}`)

const API = { limit: 3, windowMs: 60_000 }

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

    const { body } = await harness.request('get', '/v1/ratelimits/policies').expect(200)
    expect(body.policies).toEqual([changed.body])

    await harness.request('delete', at('api')).expect(204)
    await harness.request('get', at('api')).expect(404)
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
    await ask('short', 'check', '?key=u1&onDeny=429').expect(429)
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

describe('keys', () => {
  it('keep subjects apart, long ones as well', () => {
    const long = 'x'.repeat(100)
    const names = ['a', 'a:g', '{a}', '%7Ba%7D', long, `${long}y`, '%', `%${long}`]
    const keys = names.map((name) => limitKey('ns', 'g', { name: 'api', key: name, inline: false }))
    expect(new Set(keys).size).toBe(names.length)
  })
})
