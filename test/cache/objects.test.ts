import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { cacheDriver } from './driver.js'
import { keysOf } from './keys.js'

const MAX = '9223372036854775807'

const harness = useHarness()
const { at, patch } = cacheDriver(harness)

const read = (key: string, names?: string) =>
  harness.request('get', `${at(key)}/fields`).query(names === undefined ? {} : { names })
const fields = async (key: string, names?: string) =>
  (await read(key, names).expect(200)).body.fields

describe('PATCH and GET fields', () => {
  it('set, remove and increment in one step', async () => {
    const began = await patch('a', { set: { name: 'Ada', draft: 'x' }, incr: { visits: 6 } })
    expect(began.status).toBe(200)
    expect(began.body).toEqual({ created: true, incremented: { visits: '6' } })

    const body = {
      set: { name: 'Grace' },
      remove: ['draft', 'never'],
      incr: { visits: '1', n: -2 },
    }
    const changed = await patch('a', body).expect(200)
    expect(changed.body).toEqual({ created: false, incremented: { visits: '7', n: '-2' } })

    const { body: found, headers } = await read('a').expect(200)
    expect(found.fields).toEqual({ name: 'Grace', visits: '7', n: '-2' })
    expect(headers.etag).toBe(changed.headers.etag)
    expect(found.expiresInMs).toBeGreaterThan(260_000)
  })

  it('read those of the named fields that are there', async () => {
    await patch('b', { set: { x: '1', y: '', z: '3' } }).expect(200)
    expect(await fields('b', 'x,y,q,x')).toEqual({ x: '1', y: '' })
    expect(await fields('b', 'q')).toEqual({})
    await read('none', 'x').expect(404)
  })

  it('keep any text, under any name', async () => {
    const set = { 'a b': 'é 💾 \u0000 \n', '{x}': '%', constructor: 'toString', n: '007' }
    await patch('text/é {1}', { set }).expect(200)
    expect(await fields('text/é {1}')).toEqual(set)
  })

  it('keep an object without fields, until it is removed', async () => {
    await patch('empty', { set: { x: '1' } }).expect(200)
    await patch('empty', { remove: ['x'] }).expect(200)
    expect(await fields('empty')).toEqual({})
  })

  it('create nothing by a removal, or by no change', async () => {
    expect((await patch('nothing', { remove: ['x'] }).expect(404)).body.code).toBe('cache-miss')
    await patch('nothing', {}).expect(404)
    await read('nothing').expect(404)
    expect(await harness.redis.exists(keysOf(harness, 'nothing').entry)).toBe(0)
  })

  it('are exact over all 64 bits', async () => {
    await patch('big', { set: { n: '9007199254740993' } }).expect(200)
    const { body } = await patch('big', { incr: { n: '9007199254740993' } }).expect(200)
    expect(body.incremented).toEqual({ n: '18014398509481986' })
  })

  it.each([
    [{ set: { '': '1' } }, 'body/set'],
    [{ set: { 'a,b': '1' } }, 'body/set/a,b'],
    [{ set: { 'a\n': '1' } }, 'body/set'],
    [{ set: { 'a/b~,': '1' } }, 'body/set/a~1b~0,'],
    [{ set: { ['x'.repeat(129)]: '1' } }, 'body/set'],
    [{ set: { a: 1 } }, '/set/a'],
    [{ set: { a: '\ud800' } }, 'body/set/a'],
    [{ incr: { a: 'x' } }, 'body/incr/a'],
    [{ incr: { a: 1.5 } }, '/incr/a'],
    [{ incr: { a: 2 ** 53 } }, 'body/incr/a'],
    [{ remove: [''] }, '/remove/0'],
    [{ set: { a: '1' }, remove: ['a'] }, 'body'],
    [{ set: { a: '1' }, incr: { a: 1 } }, 'body'],
    [{ remove: ['a', 'a'] }, 'body'],
    [{ ttlMs: 0, set: { a: '1' } }, '/ttlMs'],
    [{ set: { a: '1' }, also: 1 }, ''],
  ])('refuse %j', async (body, where) => {
    const { code, errors } = (await patch('bad', body).expect(400)).body
    expect(code).toBe('invalid-request')
    expect(placeOf(errors[0])).toContain(where)
  })

  it('refuse more names than a call may have', async () => {
    const names = Array.from({ length: 257 }, (_, i) => `f${i}`)
    await read('bad', names.join(',')).expect(400)
    await read('bad', 'a,,b').expect(400)
    const set = Object.fromEntries(names.map((name) => [name, '']))
    const { body } = await patch('bad', { set }).expect(400)
    expect(body.detail).toContain('256')
  })
})

describe('a refused patch', () => {
  it.each([
    [
      'a sum beyond 64 bits',
      { set: { a: '9', new: '1' }, remove: ['b'], incr: { n: 1, top: 1 } },
      409,
      'counter-overflow',
      'top',
    ],
    [
      'a field that is no number',
      { set: { a: '9' }, incr: { n: 1, word: 1 } },
      409,
      'not-an-integer',
      'word',
    ],
    [
      'more bytes than a value may have',
      { set: { a: '9', new: 'x'.repeat(1024 * 1024) }, remove: ['b'], incr: { m: 1, n: 1 } },
      413,
      'too-large',
      undefined,
    ],
  ])('changes nothing: %s', async (_, body, status, code, field) => {
    const whole = { a: '1', b: '2', n: '3', top: MAX, word: 'seven' }
    await harness.request('delete', at('whole')).expect(204)
    const { headers } = await patch('whole', { set: whole }).expect(200)

    const refused = await patch('whole', body).expect(status)

    expect(refused.body.code).toBe(code)
    expect(refused.body.field).toBe(field)
    const after = await read('whole').expect(200)
    expect(after.body.fields).toEqual(whole)
    expect(after.headers.etag).toBe(headers.etag)
  })

  it('creates nothing', async () => {
    await patch('huge', { set: { a: '1', b: 'x'.repeat(1024 * 1024) } }).expect(413)
    const { entry, values } = keysOf(harness, 'huge')
    expect(await harness.redis.exists(entry, values)).toBe(0)
  })

  it('is bounded in fields over many patches', async () => {
    const part = (from: number, to: number) =>
      Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`f${from + i}`, '']))
    for (let from = 0; from < 1_000; from += 250) {
      await patch('many', { set: part(from, from + 250) }).expect(200)
    }
    const { body } = await patch('many', { set: { one: 'more' } }).expect(413)
    expect(body).toMatchObject({ code: 'too-large', maxFields: 1_000 })
    await patch('many', { set: { other: '' }, remove: ['f0'] }).expect(200)
    expect(Object.keys(await fields('many'))).toHaveLength(1_000)
  })

  it('is bounded in bytes over many patches, and may always shrink', async () => {
    const half = 'x'.repeat(512 * 1024 - 1)
    await patch('wide', { set: { a: half, b: half } }).expect(200)
    await patch('wide', { set: { c: '' } }).expect(413)
    await patch('wide', { set: { a: '' } }).expect(200)
    await patch('wide', { set: { c: '' } }).expect(200)
    const { body } = await harness.request('get', `${at('wide')}/meta`).expect(200)
    expect(body).toMatchObject({ kind: 'object', sizeBytes: 512 * 1024 + 2 })
  })
})

it('the size of an object is that of its fields and their names', async () => {
  await patch('sized', { set: { name: 'Ada', x: '12' } }).expect(200)
  await patch('sized', { remove: ['name'], set: { x: '1' } }).expect(200)
  const { body } = await harness.request('get', `${at('sized')}/meta`).expect(200)
  expect(body).toMatchObject({ kind: 'object', sizeBytes: 2 })
})

describe('the TTL of an object', () => {
  it('holds for all fields: set at the first patch, kept, and changed on request', async () => {
    const left = async () => (await read('life').expect(200)).body.expiresInMs
    await patch('life', { set: { a: '1' }, ttlMs: 100_000 }).expect(200)
    harness.advance(50_000)
    await patch('life', { set: { b: '1' } }).expect(200)
    expect(await left()).toBeLessThanOrEqual(50_000)
    await harness.request('patch', `${at('life')}/fields?ttlMs=200000`).send({ set: { c: '1' } })
    expect(await left()).toBeGreaterThan(170_000)
    harness.advance(200_000)
    await read('life').expect(404)
    await patch('life', { set: { d: '1' } }).expect(200)
    expect(await fields('life')).toEqual({ d: '1' })
  })

  it('can be shortened', async () => {
    await patch('short', { set: { a: '1' }, ttlMs: 100_000 }).expect(200)
    await patch('short', { set: { a: '2' }, ttlMs: 10_000 }).expect(200)
    harness.advance(10_000)
    await read('short').expect(404)
  })

  it('expires both keys in Redis', async () => {
    await patch('ends', { set: { a: '1' }, ttlMs: 100_000 }).expect(200)
    const { entry, values } = keysOf(harness, 'ends')
    await harness.redis.persist(values)
    await patch('ends', { set: { a: '2' } }).expect(200)
    for (const key of [entry, values]) {
      const life = await harness.redis.pttl(key)
      expect(life).toBeGreaterThan(50_000)
      expect(life).toBeLessThanOrEqual(100_000)
    }
  })
})

describe('one kind per key', () => {
  it('refuses fields of another kind', async () => {
    await harness.request('put', at('bytes')).send('x').expect(201)
    expect((await patch('bytes', { set: { a: '1' } }).expect(409)).body.kind).toBe('bytes')
    expect((await read('bytes').expect(409)).body.code).toBe('kind-mismatch')
    await harness.request('post', `${at('counter')}/incr`).expect(200)
    expect((await patch('counter', { set: { a: '1' } }).expect(409)).body.kind).toBe('counter')
    expect((await read('counter').expect(409)).body.kind).toBe('counter')
  })

  it('refuses bytes of an object; PUT and DELETE replace it without remains', async () => {
    await patch('object', { set: { a: '1' } }).expect(200)
    expect((await harness.request('get', at('object')).expect(409)).body.kind).toBe('object')
    await harness.request('put', at('object')).send('x').expect(204)
    expect(await harness.redis.exists(keysOf(harness, 'object').values)).toBe(0)
    await harness.request('delete', at('object')).expect(204)
    await patch('object', { set: { b: '1' } }).expect(200)
    expect(await fields('object')).toEqual({ b: '1' })
  })

  it('treats an object that lost one of its keys as gone', async () => {
    await patch('torn', { set: { a: '1' } }).expect(200)
    const { entry, values } = keysOf(harness, 'torn')
    await harness.redis.del(entry)
    await patch('torn', { set: { b: '1' } }).expect(200)
    expect(await fields('torn')).toEqual({ b: '1' })
    await harness.redis.del(values)
    await read('torn').expect(404)
    await harness.request('get', at('torn')).expect(404)
  })
})

describe('an Idempotency-Key', () => {
  const keyed = (key: string, body: object) => patch('once', body).set('idempotency-key', key)

  it('applies a repeat once, in any order of fields, and answers it the same', async () => {
    const first = await keyed('k1', { incr: { b: 2, a: 1 }, set: { c: '1' } }).expect(200)
    await patch('once', { set: { c: '2' } }).expect(200)
    const again = await keyed('k1', { set: { c: '1' }, incr: { a: 1, b: 2 } }).expect(200)
    expect(first.body).toEqual({ created: true, incremented: { a: '1', b: '2' } })
    expect(again.body).toEqual(first.body)
    expect(again.headers.etag).toBe(first.headers.etag)
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect(await fields('once')).toEqual({ a: '1', b: '2', c: '2' })
  })

  it('is refused for another request, and keeps no record of a refusal', async () => {
    await keyed('k2', { incr: { a: 1 } }).expect(200)
    const { body } = await keyed('k2', { incr: { a: 2 } }).expect(422)
    expect(body.code).toBe('idempotency-conflict')
    await keyed('k3', { incr: { a: MAX } }).expect(409)
    await patch('once', { remove: ['a'] }).expect(200)
    await keyed('k3', { incr: { a: MAX } }).expect(200)
  })
})

describe('an invalidation', () => {
  it.each(['soft', 'hard'])('of mode %s ends an object', async (mode) => {
    await patch('gone', { set: { a: '1' } }).expect(200)
    await harness
      .request('post', '/v1/cache/users/invalidate')
      .send({ keys: ['gone'], mode })
      .expect(204)
    await read('gone').expect(404)
    await patch('gone', { set: { b: '1' } }).expect(200)
    expect(await fields('gone')).toEqual({ b: '1' })
  })
})
