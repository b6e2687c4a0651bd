import { describe, expect, it } from 'vitest'
import { type Harness, useHarness } from '../support/harness.js'
import { limitDriver } from './driver.js'

const FILE = 'policies: { filed: { limit: 5, windowMs: 60000 } }'

const harness = useHarness({ configFile: FILE })
const other = useHarness({ configFile: FILE })
const { put } = limitDriver(harness)

const at = (name: string) => `/v1/ratelimit-policies/${name}`

/** Asks an instance, always in the namespace of the first one. */
async function ask(of: Harness, name: string, verb: string, body: object) {
  const { body: answer } = await of
    .request('post', `/v1/ratelimits/${name}/${verb}`)
    .set('lockstep-namespace', harness.namespace)
    .send(body)
    .expect(200)
  return answer
}

describe('a policy of the file', () => {
  it('holds in every namespace and is listed with its bound', async () => {
    const { body, headers } = await harness.request('get', at('filed')).expect(200)
    expect(body).toEqual({
      name: 'filed',
      algorithm: 'gcra',
      limit: 5,
      windowMs: 60_000,
      version: expect.any(Number),
      maxInAnyWindow: 10,
      source: 'file',
    })
    expect(headers.etag).toMatch(/^"[0-9a-z]+"$/)
    const elsewhere = await harness
      .request('get', '/v1/ratelimit-policies')
      .set('lockstep-namespace', `${harness.namespace}-b`)
    expect(elsewhere.body).toEqual({ items: [body] })
    expect((await ask(harness, 'filed', 'check', { key: 'seen' })).remaining).toBe(4)
  })

  it('cannot be changed or removed', async () => {
    expect((await put('filed', { limit: 1, windowMs: 1 }).expect(409)).body.code).toBe(
      'in-config-file',
    )
    const patched = await harness.request('patch', at('filed')).send({ limit: 1 }).expect(409)
    expect(patched.body.code).toBe('in-config-file')
    await harness.request('delete', at('filed')).expect(409)
  })

  it('replaces a stored one, which returns when it leaves the file', async () => {
    await put('both', { limit: 2, windowMs: 3_600_000 }).expect(201)
    await ask(harness, 'both', 'check', { key: 'a' })
    harness.reload(`${FILE.slice(0, -2)}, both: { limit: 7, windowMs: 3600000 } }`)
    const seen = await ask(harness, 'both', 'peek', { key: 'a' })
    expect(seen).toMatchObject({ remaining: 6, results: [{ limit: 7 }] })
    const { body } = await harness.request('get', '/v1/ratelimit-policies').expect(200)
    const sources = body.items.map(({ name, source }: Record<string, string>) => [name, source])
    expect(sources).toEqual([
      ['both', 'file'],
      ['filed', 'file'],
    ])
    harness.reload(FILE)
    expect((await ask(harness, 'both', 'peek', { key: 'a' })).remaining).toBe(1)
  })

  it('follows the file, and what was consumed stays consumed', async () => {
    const { headers } = await harness.request('get', at('filed'))
    await ask(harness, 'filed', 'check', { key: 'kept', cost: 3 })
    for (const each of [harness, other]) each.reload(FILE.replace('5', '50'))
    for (const each of [harness, other]) {
      const { remaining, results } = await ask(each, 'filed', 'peek', { key: 'kept' })
      // Up to 3 are consumed, and a unit of the larger limit comes back every 1.2 seconds.
      expect([46, 47, 48, 49, 50]).toContain(remaining)
      expect(results[0].limit).toBe(50)
    }
    const changed = await harness.request('get', at('filed'))
    expect(changed.headers.etag).not.toBe(headers.etag)
    harness.reload('')
    await harness.request('get', at('filed')).expect(404)
    harness.reload(FILE)
  })

  it.each([
    ['no limit', 'a: { windowMs: 1 }', /policies\/a\/limit is required/],
    ['a field of another algorithm', 'a: { limit: 1, windowMs: 1, align: epoch }', /a\/align/],
    ['a limit too fine', 'a: { limit: 1000000000, windowMs: 1 }', /a\/limit is too large/],
    ['an unknown field', 'a: { limit: 1, windowMs: 1, speed: 1 }', /a\/speed/],
    [
      'a name with a slash',
      '"a/b": { limit: 1, windowMs: 1 }',
      /policies\/a\/b is not a known field/,
    ],
  ])('is refused with %s, and nothing changes', async (_what, text, message) => {
    expect(() => harness.reload(`policies: { ${text} }`)).toThrow(message)
    await harness.request('get', at('filed')).expect(200)
  })
})

it.each(['policies', 'check', 'authz', 'leases', 'overrides'])('may be named %s', async (name) => {
  await put(name, { limit: 3, windowMs: 60_000 }).expect(201)
  await harness.request('get', at(name)).expect(200)
  expect((await ask(harness, name, 'check', { key: 'a' })).remaining).toBe(2)
})

describe('a policy changed by one instance', () => {
  it('applies at once there and soon in the other, and usage stays', async () => {
    const window = { algorithm: 'fixed-window', align: 'first-hit', windowMs: 600_000 }
    await put('shared', { ...window, limit: 10 }).expect(201)
    expect((await ask(other, 'shared', 'check', { key: 'a', cost: 4 })).remaining).toBe(6)
    await put('shared', { ...window, limit: 20 }).expect(200)
    expect((await ask(harness, 'shared', 'peek', { key: 'a' })).remaining).toBe(16)
    const there = async () => (await ask(other, 'shared', 'peek', { key: 'a' })).remaining
    await expect.poll(there).toBe(16)
  })
})
