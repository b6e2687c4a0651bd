import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { cacheDriver } from './driver.js'

const harness = useHarness({
  configFile: 'spaces: { users: { jitter: 0 }, strict: { requirePrecondition: true } }',
})
const { at, put } = cacheDriver(harness)

const getOrSet = (key: string, value: string, space = 'users') =>
  put(key, value, space).set('if-none-match', '*').set('prefer', 'return=representation')

it('stores where there is nothing, and else answers with the value', async () => {
  const { headers } = await getOrSet('a', 'first').expect(201)

  const second = await getOrSet('a', 'second').expect(200)

  expect(second.text).toBe('first')
  expect(second.headers).toMatchObject({
    etag: headers.etag,
    'content-type': 'text/plain',
    'lockstep-state': 'fresh',
    'preference-applied': 'return=representation',
    'x-content-type-options': 'nosniff',
  })
  expect(second.headers['cache-status']).toMatch(/^lockstep; hit; ttl=\d+$/)
})

it('gives many callers the one value that was stored', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => getOrSet('race', `value ${i}`)),
  )
  const stored = answers.findIndex(({ status }) => status === 201)
  const found = answers.filter(({ status }) => status === 200)
  expect(found).toHaveLength(49)
  expect(new Set(found.map(({ text }) => text))).toEqual(new Set([`value ${stored}`]))
})

it('shows a stale value as such', async () => {
  await put('stale', 'old').query({ ttlMs: 1_000, staleMs: 60_000 }).expect(201)
  harness.advance(2_000)
  const { text, headers } = await getOrSet('stale', 'new').expect(200)
  expect(text).toBe('old')
  expect(headers['lockstep-state']).toBe('stale')
})

it('stores over a value that ended', async () => {
  await put('ended', 'old').query({ ttlMs: 1_000 }).expect(201)
  harness.advance(2_000)
  await getOrSet('ended', 'new').expect(201)
})

it('returns a large value and its encoding unchanged', async () => {
  const value = Buffer.alloc(1024 * 1024, 0xfe)
  await harness.request('put', at('large')).set('content-encoding', 'x-own').send(value).expect(201)
  const { body, headers } = await harness
    .request('put', at('large'))
    .set('if-none-match', '*')
    .set('prefer', 'return=representation')
    .buffer(true)
    .parse((response, done) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => done(null, Buffer.concat(chunks)))
    })
    .send('x')
    .expect(200)
  expect(Buffer.compare(body, value)).toBe(0)
  expect(headers['content-encoding']).toBe('x-own')
})

it('is answered 201 again under the same idempotency key', async () => {
  const attempt = () => getOrSet('again', 'mine').set('idempotency-key', 'attempt-1')
  const first = await attempt().expect(201)
  const second = await attempt().expect(201)
  expect(second.headers).toMatchObject({
    etag: first.headers.etag,
    'idempotent-replayed': 'true',
  })
})

it('answers with the kind of a value that is not bytes', async () => {
  await harness.request('post', `${at('count')}/incr`).expect(200)
  const { body } = await getOrSet('count', 'x').expect(409)
  expect(body).toMatchObject({ code: 'kind-mismatch', kind: 'counter' })
  await harness.request('head', at('count')).expect(409)
})

it('is a condition, so spaces that demand one take it', async () => {
  await put('s', 'x', 'strict').expect(428)
  await getOrSet('s', 'x', 'strict').expect(201)
  await getOrSet('s', 'y', 'strict').expect(200)
})

it.each([
  ['another preference', 'respond-async', 412],
  ['among others', 'wait=5, return=representation; foo="bar"', 200],
  ['in quotes and capitals', 'Return="representation"', 200],
  ['the opposite', 'return=minimal', 412],
])('reads Prefer as a list: %s', async (_what, prefer, status) => {
  await put('prefer', 'x')
  await put('prefer', 'y').set('if-none-match', '*').set('prefer', prefer).expect(status)
})

it('ignores the preference without the condition', async () => {
  await put('plain', 'x')
  await put('plain', 'y').set('prefer', 'return=representation').expect(204)
})
