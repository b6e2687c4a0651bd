import { describe, expect, it } from 'vitest'
import { startHarness, useHarness } from '../support/harness.js'
import { openRaw, sendRaw } from '../support/raw-socket.js'
import { placeOf } from '../support/request-faults.js'
import { tokensYaml } from '../support/tokens.js'
import { until } from '../support/until.js'
import { leaseOf, leaseStatusOf } from './driver.js'

const harness = useHarness({
  configFile: 'spaces: { small: { maxValueBytes: 100, jitter: 0, leaseMs: 100000 } }',
})

const at = (key: string) => `/v1/cache/small/${key}`
const ask = (key: string) => harness.request('get', at(key)).query({ lease: true })
const fill = (key: string, lease: string, value: string | Buffer = 'x') =>
  harness.request('put', at(key)).set('lockstep-lease', lease).send(value)

const LEASE = /^[A-Za-z0-9_-]{22}\.\d+$/

/** Reads a missing key and returns the lease that it gets. */
async function win(key: string): Promise<string> {
  const lease = leaseOf(await ask(key))
  expect(lease).toMatch(LEASE)
  return lease
}

type Fill = ReturnType<typeof fill>

describe('a PUT that is refused ends its lease', () => {
  it.each<[string, number, (put: Fill) => Fill]>([
    ['a query', 400, (put) => put.query({ ttlMs: 0 })],
    ['an unknown query', 400, (put) => put.query({ surprise: 1 })],
    ['Cache-Control', 400, (put) => put.set('cache-control', 'no-store')],
    ['If-Match', 400, (put) => put.set('if-match', '*')],
    ['what is no entity tag', 400, (put) => put.set('if-none-match', 'x')],
    ['a negative entry with bytes', 400, (put) => put.set('lockstep-negative', 'true')],
    ['a word that is no flag', 400, (put) => put.set('lockstep-negative', 'maybe')],
    ['its tags', 400, (put) => put.set('cache-groups', 'no quotes')],
    ['its coding', 400, (put) => put.set('content-encoding', 'br;')],
    ['its idempotency key', 400, (put) => put.set('idempotency-key', 'x'.repeat(300))],
    ['a type without a name', 400, (put) => put.set('content-type', 'text/')],
    ['a word that is no type', 400, (put) => put.set('content-type', 'text')],
    ['a parameter that is none', 400, (put) => put.set('content-type', 'text/css; x')],
  ])('for %s', async (what, status, change) => {
    const key = what.replaceAll(' ', '-')
    await change(fill(key, await win(key))).expect(status)
    await win(key)
  })

  it.each([
    ['of its space', 101],
    ['of any space', 8 * 1024 * 1024 + 1],
  ])('for more bytes than the values %s have', async (what, bytes) => {
    const key = what.replaceAll(' ', '-')
    await fill(key, await win(key), Buffer.alloc(bytes)).expect(413)
    await win(key)
  })

  it('for an idempotency key that belongs to another request', async () => {
    const attempt = (lease: string, value: string) =>
      fill('keyed', lease, value).set('idempotency-key', 'an attempt')
    await attempt(await win('keyed'), 'x').expect(201)
    await harness.request('delete', at('keyed')).expect(204)
    await attempt(await win('keyed'), 'y').expect(422)
    await win('keyed')
  })

  const head = (key: string, lease: string) =>
    `PUT ${at(key)} HTTP/1.1\r\nHost: 127.0.0.1\r\nLockstep-Namespace: ${harness.namespace}\r\nLockstep-Lease: ${lease}\r\n`
  const isFree = (key: string) => until('a free key', async () => leaseOf(await ask(key)))

  it('for a length that is too great, before any of it is sent', async () => {
    const lease = await win('announced')
    const [answer] = await sendRaw(
      harness,
      `${head('announced', lease)}Content-Length: 99999999\r\n\r\n`,
    )
    expect(answer?.status).toBe(413)
    await isFree('announced')
  })

  it.each([
    ['is cut off', 'Content-Length: 10\r\n\r\nhalf'],
    ['is cut off in a chunk', 'Transfer-Encoding: chunked\r\n\r\nA\r\nhalf'],
    ['has chunks of no size', 'Transfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ])('for a body that %s', async (what, rest) => {
    const key = what.replaceAll(' ', '-')
    const client = openRaw(harness)
    client.send(head(key, await win(key)) + rest)
    client.socket.end()
    await client.closed()
    await isFree(key)
  })
})

describe('a batch that is refused as a whole ends the leases in it', () => {
  const send = (kind: string, items: unknown[]) =>
    kind === 'set-many'
      ? harness.request('post', '/v1/cache/small/set-many').send({ entries: items })
      : harness.request('post', '/v1/cache-pipeline').send({ operations: items })

  /** A valid item in the format of the batch. */
  const toItem = async (kind: string, key: string) => ({
    ...(kind === 'set-many' ? {} : { op: 'put', space: 'small' }),
    key,
    value: 'x',
    leaseToken: await win(key),
  })

  it.each([
    ['set-many', 'an unknown field', { surprise: 1 }],
    ['set-many', 'its value', { encoding: 'base64', value: '?' }],
    ['set-many', 'what is no entry', null],
    ['a pipeline', 'an unknown field', { surprise: 1 }],
    ['a pipeline', 'a field of another operation', { op: 'get' }],
  ])('%s for %s', async (kind, what, wrong) => {
    const keys = [1, 2].map((i) => `${kind}-${what}-${i}`.replaceAll(' ', '-'))
    const [first, second] = await Promise.all(keys.map((key) => toItem(kind, key)))
    await send(kind, [first, wrong && { ...second, ...wrong }, second]).expect(400)
    for (const key of keys) await win(key)
  })

  it.each(['set-many', 'a pipeline'])('%s for a condition in its headers', async (kind) => {
    const key = `${kind}-conditional`.replaceAll(' ', '-')
    const batch = send(kind, [await toItem(kind, key)])
    const { body } = await batch.set('if-match', '*').expect(400)
    expect(placeOf(body.errors[0])).toBe('header/if-match')
    await win(key)
  })

  it.each(['set-many', 'a pipeline'])('%s, alone, for the size of one value', async (kind) => {
    const key = `${kind}-size`.replaceAll(' ', '-')
    const item = { ...(await toItem(kind, key)), value: 'x'.repeat(101) }
    const { body } = await send(kind, [item]).expect(200)
    expect(body.results[0].status).toBe('too-large')
    await win(key)
  })
})

describe('a refusal ends no lease', () => {
  it('of another', async () => {
    await win('other')
    await fill('other', 'sixteen-chars-no.1', 'x'.repeat(101)).expect(413)
    expect(leaseStatusOf(await ask('other'))).toBe('held')
  })

  it('where the request was not known to be allowed', async () => {
    const locked = await startHarness({
      configFile: `spaces: { s: { leaseMs: 100000 } }\n${tokensYaml([
        { token: 'reader', scopes: ['cache:read'] },
        { token: 'loader', scopes: ['cache:write', 'operations:read'] },
      ])}`,
    })
    const as = (test: Fill, token: string) => test.set('authorization', `Bearer ${token}`)
    const asking = () => as(locked.request('get', '/v1/cache/s/k').query({ lease: true }), 'loader')
    const lease = leaseOf(await asking())
    const put = () =>
      locked.request('put', '/v1/cache/s/k').query({ ttlMs: 0 }).set('lockstep-lease', lease)
    const pipeline = () =>
      locked
        .request('post', '/v1/cache-pipeline')
        .send({ operations: [{ op: 'put', space: 's', key: 'k', leaseToken: lease, surprise: 1 }] })

    await put().expect(401)
    await as(put(), 'reader').expect(403)
    await as(put(), 'loader').set('lockstep-namespace', 'No Name').expect(400)
    await as(pipeline(), 'reader').expect(400)

    const { text } = await as(locked.request('get', '/metrics'), 'loader').expect(200)
    expect(text).not.toContain('script="cache.cancel"')
    expect(leaseStatusOf(await asking())).toBe('held')
    await as(pipeline(), 'loader').expect(400)
    expect(leaseOf(await asking())).toMatch(LEASE)
    await locked.close()
  })
})
