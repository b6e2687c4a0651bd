import { describe, expect, it, onTestFinished } from 'vitest'
import { startHarness, useHarness } from '../support/harness.js'
import { connect, start } from '../support/managed.js'
import { placeOf } from '../support/request-faults.js'
import { cacheDriver, versionOf } from './driver.js'
import { keysOf } from './keys.js'

const MAX = '9223372036854775807'
const MIN = '-9223372036854775808'

const harness = useHarness()
const { at, incr } = cacheDriver(harness)

const count = async (key: string) =>
  (await harness.request('get', `${at(key)}/counter`).expect(200)).body.value

describe('POST incr', () => {
  it('begins at initial and adds 1, or `by`', async () => {
    expect((await incr('a').expect(200)).body).toEqual({ value: '1' })
    expect((await incr('a', { by: 41 }).expect(200)).body).toEqual({ value: '42' })
    expect((await incr('a', { by: -50, initial: 9 }).expect(200)).body).toEqual({ value: '-8' })
    expect((await incr('b', { by: 5, initial: 100 }).expect(200)).body).toEqual({ value: '105' })
    expect((await incr('c', { by: 0 }).expect(200)).body).toEqual({ value: '0' })
  })

  it('is exact over all 64 bits', async () => {
    await incr('max', { initial: '9223372036854775806', by: 0 }).expect(200)
    expect((await incr('max').expect(200)).body.value).toBe(MAX)
    expect((await incr('max', { by: '-9007199254740993' }).expect(200)).body.value).toBe(
      '9214364837600034814',
    )
    expect(await count('max')).toBe('9214364837600034814')
    expect((await incr('min', { by: MIN }).expect(200)).body.value).toBe(MIN)
  })

  it('refuses to leave 64 bits, and changes nothing', async () => {
    await incr('top', { by: MAX }).expect(200)
    const { body, headers } = await incr('top').expect(409)
    expect(body.code).toBe('counter-overflow')
    expect(headers.etag).toBeUndefined()
    expect(await count('top')).toBe(MAX)

    const began = await incr('never', { initial: MIN, by: -1 }).expect(409)
    expect(began.body.code).toBe('counter-overflow')
    await harness.request('get', `${at('never')}/counter`).expect(404)
  })

  it.each([
    [{ by: '9223372036854775808' }, '/by'],
    [{ by: 1.5 }, '/by'],
    [{ by: 2 ** 53 }, '/by'],
    [{ initial: 'x' }, '/initial'],
    [{ initial: '' }, '/initial'],
    [{ ttlMs: 0 }, '/ttlMs'],
    [{ by: '1', and: 1 }, ''],
  ])('refuses %j', async (body, where) => {
    const { code, errors } = (await incr('bad', body).expect(400)).body
    expect(code).toBe('invalid-request')
    expect(placeOf(errors[0])).toContain(where)
  })

  it('shows its size like any entry', async () => {
    await incr('shown').expect(200)
    const { body } = await harness.request('get', `${at('shown')}/meta`).expect(200)
    expect(body).toMatchObject({ kind: 'counter', sizeBytes: 8 })
  })

  it('keeps nothing of an object that expired', async () => {
    await harness
      .request('patch', `${at('reused')}/fields`)
      .send({ set: { old: 'x' }, ttlMs: 1_000 })
      .expect(200)
    harness.advance(2_000)
    await incr('reused').expect(200)
    const names = await harness.redis.hkeys(keysOf(harness, 'reused').values)
    expect(names.sort()).toEqual(['', 'n'])
  })

  it('counts each of a hundred callers once', async () => {
    const values = await Promise.all(
      Array.from({ length: 100 }, async () => (await incr('busy')).body.value),
    )
    expect(new Set(values).size).toBe(100)
    expect(await count('busy')).toBe('100')
  })

  it('ends with the TTL that it began with, also after later additions', async () => {
    await incr('life', { ttlMs: 600_000 }).expect(200)
    harness.advance(400_000)
    await incr('life', { ttlMs: 600_000 }).expect(200)
    const { body } = await harness.request('get', `${at('life')}/counter`).expect(200)
    expect(body).toEqual({ value: '2', expiresInMs: expect.any(Number) })
    expect(body.expiresInMs).toBeGreaterThan(100_000)
    expect(body.expiresInMs).toBeLessThanOrEqual(200_000)

    harness.advance(200_000)
    await harness.request('get', `${at('life')}/counter`).expect(404)
    expect((await incr('life').expect(200)).body.value).toBe('1')
  })

  it('takes ttlMs in the query as well', async () => {
    await harness.request('post', `${at('query')}/incr?ttlMs=60000`).expect(200)
    const { body } = await harness.request('get', `${at('query')}/counter`).expect(200)
    expect(body.expiresInMs).toBeLessThanOrEqual(60_000)
  })

  it('restores a lost expiry, and leaves no key without one', async () => {
    await incr('heal', { ttlMs: 60_000 }).expect(200)
    const { entry, values, clock } = keysOf(harness, 'heal')
    const lives = () => Promise.all([entry, values].map((key) => harness.redis.pttl(key)))
    for (const life of await lives()) expect(life).toBeGreaterThan(0)
    await Promise.all([harness.redis.persist(entry), harness.redis.persist(values)])

    await incr('heal').expect(200)

    for (const life of await lives()) expect(life).toBeGreaterThan(0)
    expect(await harness.redis.pttl(clock)).toBeGreaterThan(0)
  })

  it('begins again where one of its two keys was lost', async () => {
    await incr('torn', { by: 7 }).expect(200)
    const { entry, values } = keysOf(harness, 'torn')
    await harness.redis.del(values)
    await harness.request('get', `${at('torn')}/counter`).expect(404)
    await harness.request('get', at('torn')).expect(404)
    expect((await incr('torn').expect(200)).body.value).toBe('1')

    await harness.redis.hset(values, 'of another kind', 'x')
    await harness.redis.del(entry)
    await harness.request('get', `${at('torn')}/counter`).expect(404)
    expect((await incr('torn', { by: 3 }).expect(200)).body.value).toBe('3')
    expect(await harness.redis.hkeys(values)).toEqual(
      expect.not.arrayContaining(['of another kind']),
    )

    // Simulates an older hash under a newer entry.
    await harness.redis.hset(values, '', '1')
    await harness.request('get', `${at('torn')}/counter`).expect(404)
  })

  it('has a later version after each change', async () => {
    const first = await incr('versions')
    const second = await incr('versions')
    expect(versionOf(second.headers.etag)).toBeGreaterThan(versionOf(first.headers.etag))
    const { headers } = await harness.request('get', `${at('versions')}/counter`)
    expect(headers.etag).toBe(second.headers.etag)
  })
})

describe('an Idempotency-Key', () => {
  const keyed = (key: string, body: object = {}) => incr('once', body).set('idempotency-key', key)

  it('counts a repeat once, and answers it the same', async () => {
    const first = await keyed('k1', { by: MAX }).expect(200)
    const again = await keyed('k1', { by: MAX }).expect(200)
    expect(again.body).toEqual(first.body)
    expect(again.headers.etag).toBe(first.headers.etag)
    expect(first.headers['idempotent-replayed']).toBeUndefined()
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect(await count('once')).toBe(MAX)
  })

  it('is refused for another request', async () => {
    await keyed('k2', { by: -1 }).expect(200)
    const { body } = await keyed('k2', { by: -2 }).expect(422)
    expect(body.code).toBe('idempotency-conflict')
  })

  it('is kept for its time, not for ever', async () => {
    await keyed('k3', { by: -1 }).expect(200)
    const records = await harness.redis.keys(`ls:{${harness.namespace}:*}:record:*`)
    expect(records.length).toBeGreaterThan(0)
    for (const record of records) {
      const life = await harness.redis.pttl(record)
      expect(life).toBeGreaterThan(0)
      expect(life).toBeLessThanOrEqual(300_000)
    }
  })
})

describe('one kind per key', () => {
  const kindOf = async (key: string) => (await harness.request('get', `${at(key)}/meta`)).body.kind

  it('refuses a counter where there are bytes or an object', async () => {
    await harness.request('put', at('bytes')).send('x').expect(201)
    const { body } = await incr('bytes').expect(409)
    expect(body).toMatchObject({ code: 'kind-mismatch', kind: 'bytes' })
    const read = await harness.request('get', `${at('bytes')}/counter`).expect(409)
    expect(read.body).toMatchObject({ code: 'kind-mismatch', kind: 'bytes' })

    await harness.request('patch', `${at('object')}/fields`).send({ set: { a: '1' } })
    expect((await incr('object').expect(409)).body.kind).toBe('object')
  })

  it('refuses bytes where there is a counter, and answers with its kind', async () => {
    await incr('counter').expect(200)
    const { body } = await harness.request('get', at('counter')).expect(409)
    expect(body).toMatchObject({ code: 'kind-mismatch', kind: 'counter' })
    expect(await kindOf('counter')).toBe('counter')
  })

  it('lets PUT and DELETE replace any kind, with nothing left of it', async () => {
    const { values } = keysOf(harness, 'replaced')
    await incr('replaced').expect(200)
    await harness.request('put', at('replaced')).send('x').expect(204)
    expect(await kindOf('replaced')).toBe('bytes')
    expect(await harness.redis.exists(values)).toBe(0)

    await harness.request('delete', at('replaced')).expect(204)
    await incr('replaced').expect(200)
    await harness.request('delete', at('replaced')).expect(204)
    expect(await harness.redis.exists(values)).toBe(0)
    await harness.request('get', `${at('replaced')}/counter`).expect(404)
  })
})

describe('an invalidation', () => {
  const invalidate = (body: object) =>
    harness.request('post', '/v1/cache/users/invalidate').send(body).expect(204)

  it.each(['soft', 'hard'])('of mode %s ends a counter, by key and by space', async (mode) => {
    await incr('gone', { by: 5 }).expect(200)
    await invalidate({ keys: ['gone'], mode })
    await harness.request('get', `${at('gone')}/counter`).expect(404)
    expect((await incr('gone').expect(200)).body.value).toBe('1')

    await invalidate({ all: true, mode })
    await harness.request('get', `${at('gone')}/counter`).expect(404)
    expect((await incr('gone', { by: 2 }).expect(200)).body.value).toBe('2')
  })
})

it('an error of Redis is no overflow', async () => {
  const redis = await start()
  const raw = await connect(redis)
  const other = await startHarness({ redisUrl: redis.url })
  onTestFinished(() => other.close())
  const add = () => other.request('post', `${at('denied')}/incr`)
  await add().expect(200)
  await raw.acl('SETUSER', 'default', '-hincrby')

  const { body } = await add().expect(503)

  expect(body).toMatchObject({ code: 'outcome-unknown', reason: 'no-permission' })
  await raw.acl('SETUSER', 'default', '+hincrby')
  expect((await add().expect(200)).body.value).toBe('2')
})
