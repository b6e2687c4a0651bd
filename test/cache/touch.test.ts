import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { cacheDriver } from './driver.js'
import { keysOf } from './keys.js'

const harness = useHarness({
  configFile:
    'spaces: { users: { jitter: 0, ttlMs: 200000 }, idle: { idleMs: 100000, jitter: 0 } }',
})
const { at } = cacheDriver(harness)

const put = (key: string, query = '', space = 'users') =>
  harness
    .request('put', at(key, space) + query)
    .send('value')
    .expect(201)
const touch = (key: string, body: object = {}, space = 'users') =>
  harness.request('post', `${at(key, space)}/touch`).send(body)
const metaOf = async (key: string) =>
  (await harness.request('get', `${at(key)}/meta`).expect(200)).body

it('starts the time of a value again, under the version it has', async () => {
  const { headers } = await put('a', '?ttlMs=100000&staleMs=5000')
  harness.advance(80_000)

  const touched = await touch('a', { ttlMs: 100_000 }).expect(204)

  expect(touched.headers.etag).toBe(headers.etag)
  const meta = await metaOf('a')
  expect(meta).toMatchObject({ etag: headers.etag, state: 'fresh' })
  expect(meta.expiresInMs).toBeGreaterThan(50_000)
  expect(meta.staleExpiresInMs - meta.expiresInMs).toBe(5_000)
  expect(meta.ageMs).toBeGreaterThanOrEqual(80_000)
})

it('takes the time from the query, and by default from the policy', async () => {
  await put('policy', '?ttlMs=100000')
  await touch('policy').expect(204)
  expect((await metaOf('policy')).expiresInMs).toBeGreaterThan(150_000)

  await harness.request('post', `${at('policy')}/touch?ttlMs=50000`).expect(204)
  expect((await metaOf('policy')).expiresInMs).toBeLessThanOrEqual(50_000)
})

it('moves the expiry in Redis, also of the hash beside the entry', async () => {
  await put('end', '?ttlMs=60000')
  await harness
    .request('post', `${at('count')}/incr`)
    .send({ ttlMs: 60_000 })
    .expect(200)
  await touch('end', { ttlMs: 600_000 }).expect(204)
  await touch('count', { ttlMs: 600_000 }).expect(204)

  const { entry } = keysOf(harness, 'end')
  const count = keysOf(harness, 'count')
  for (const key of [entry, count.entry, count.values]) {
    expect(await harness.redis.pttl(key)).toBeGreaterThan(500_000)
    expect(await harness.redis.pttl(key)).toBeLessThanOrEqual(600_000)
  }
  harness.advance(61_000)
  await harness.request('get', `${at('count')}/counter`).expect(200)
})

it('keeps the error window as long as it was', async () => {
  const stored = await harness
    .request('put', at('error'))
    .set('cache-control', 'max-age=100, stale-if-error=3600')
    .send('x')
  expect(stored.status).toBe(201)
  await touch('error', { ttlMs: 200_000 }).expect(204)
  const left = await harness.redis.pttl(keysOf(harness, 'error').entry)
  expect(left).toBeGreaterThan(3_700_000)
  expect(left).toBeLessThanOrEqual(3_800_000)
})

it('leaves alone what is stale, known to be absent, or not there', async () => {
  await put('stale', '?ttlMs=1000&staleMs=60000')
  harness.advance(1_500)
  const stale = await touch('stale').expect(404)
  expect(stale.body.code).toBe('cache-miss')
  expect(stale.headers['lockstep-state']).toBe('stale')
  expect((await metaOf('stale')).state).toBe('stale')

  const miss = await touch('nothing').expect(404)
  expect(miss.headers['cache-status']).toBe('lockstep; fwd=uri-miss')
})

it('does not make fresh again what was invalidated softly, by key or by tag', async () => {
  for (const [key, by] of [
    ['by-key', { keys: ['by-key'] }],
    ['by-tag', { tags: ['t'] }],
  ] as const) {
    await harness
      .request('put', `${at(key)}?staleMs=60000`)
      .set('surrogate-key', 't')
      .send('x')
      .expect(201)
    await harness.request('post', '/v1/cache/users/invalidate').send(by).expect(204)
    await touch(key, { ttlMs: 60_000 }).expect(404)
    expect((await metaOf(key)).state).toBe('stale')
  }
})

it('counts as a use where values end by idleness', async () => {
  await put('used', '', 'idle')
  for (let i = 0; i < 3; i++) {
    harness.advance(80_000)
    await touch('used', {}, 'idle').expect(204)
  }
  harness.advance(110_000)
  await touch('used', {}, 'idle').expect(404)
})

it('is 400 for a time out of bounds', async () => {
  const { body } = await touch('a', { ttlMs: 0 }).expect(400)
  expect(placeOf(body.errors[0])).toBe('body/ttlMs')
})
