import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { cacheDriver } from './driver.js'
import { keysOf } from './keys.js'

const harness = useHarness()
const { at } = cacheDriver(harness)

const put = (key: string, value: string | Buffer, query = '') =>
  harness
    .request('put', at(key) + query)
    .type('application/json')
    .send(value)
const get = (key: string) => harness.request('get', at(key)).buffer(true)
const bytes = (key: string) =>
  get(key).parse((response, done) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => done(null, Buffer.concat(chunks)))
  })

describe('PUT and GET', () => {
  it('return the value with its type, version and age', async () => {
    const storedAt = performance.now()
    const created = await put('a', '{"n":1}').expect(201)
    expect(created.text).toBe('')
    harness.advance(3_000)

    const { text, headers } = await get('a').expect(200)

    expect(text).toBe('{"n":1}')
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      etag: created.headers.etag,
      'cache-control': 'private, no-store',
      vary: 'Authorization, Lockstep-Namespace',
      'lockstep-state': 'fresh',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
    })
    const passedS = Math.ceil((performance.now() - storedAt) / 1_000)
    expect(Number(headers.age)).toBeGreaterThanOrEqual(3)
    expect(Number(headers.age)).toBeLessThanOrEqual(3 + passedS)
    expect(headers['cache-status']).toMatch(/^lockstep; hit; ttl=2\d\d$/)
  })

  it('replace a value under a new version', async () => {
    const first = await put('b', '1').expect(201)
    const second = await put('b', '2').expect(204)

    expect(second.headers.etag).not.toBe(first.headers.etag)
    expect((await get('b')).text).toBe('2')
  })

  it.each([0, 1, 255, 65_536, 1024 * 1024])('keep %i bytes unchanged', async (size) => {
    const value = randomBytes(size)
    await harness.request('put', at('binary')).type('application/x-thing').send(value)

    const { body, headers } = await bytes('binary').expect(200)

    expect(Buffer.compare(body, value)).toBe(0)
    expect(headers['content-type']).toBe('application/x-thing')
  })

  it('keep a content encoding, and never decode', async () => {
    await put('encoded', 'not really gzip').set('content-encoding', 'br')
    const { headers } = await harness.request('head', at('encoded')).expect(200)
    expect(headers['content-encoding']).toBe('br')
    expect(headers['content-length']).toBe('15')
  })

  it('take bytes without a type', async () => {
    await harness.request('put', at('untyped')).unset('content-type').expect(201)
    const { headers } = await get('untyped').expect(200)
    expect(headers['content-type']).toBe('application/octet-stream')
  })

  it.each(['a/b', '{x}', 'a b', '💾', '%', 'a:b', '..a'])('keep the key %s apart', async (key) => {
    await put(key, JSON.stringify(key)).expect(201)
    expect((await get(key)).text).toBe(JSON.stringify(key))
  })
})

describe('a miss', () => {
  it('is a 404 cache-miss', async () => {
    const { body, headers } = await get('nothing').expect(404)
    expect(body.code).toBe('cache-miss')
    expect(headers['cache-status']).toBe('lockstep; fwd=uri-miss')
  })

  it('follows the end of a value', async () => {
    await put('short', '1', '?ttlMs=1000').expect(201)
    harness.advance(1_001)
    await get('short').expect(404)
  })

  it('is a value that another release wrote in another format', async () => {
    await put('format', 'x').expect(201)
    const { entry } = keysOf(harness, 'format')
    await harness.redis.setrange(entry, 0, '\u0001')
    await get('format').expect(404)
  })

  it('in one space says nothing of another space or namespace', async () => {
    await put('mine', '1').expect(201)
    await harness.request('get', at('mine', 'teams')).expect(404)
    await get('mine').set('lockstep-namespace', `${harness.namespace}-b`).expect(404)
  })
})

describe('stale values', () => {
  it('are served for as long as the writer allows, and marked stale', async () => {
    await put('stale', '1', '?ttlMs=1000&staleMs=60000').expect(201)
    harness.advance(2_000)

    const { headers } = await get('stale').expect(200)
    expect(headers['lockstep-state']).toBe('stale')
    expect(headers['cache-status']).toMatch(/^lockstep; hit; ttl=-\d+; detail=stale$/)

    await get('stale').set('cache-control', 'max-stale=0').expect(404)
    await get('stale').set('cache-control', 'max-stale').expect(200)
    harness.advance(60_000)
    await get('stale').expect(404)
  })

  it('can be refused before they are stale', async () => {
    await put('fresh', '1', '?ttlMs=100000').expect(201)
    await get('fresh').set('cache-control', 'min-fresh=50').expect(200)
    await get('fresh').set('cache-control', 'min-fresh=101').expect(404)
  })

  it('take their times from Cache-Control, unless the query has them', async () => {
    await put('cc', '1').set('cache-control', 'max-age=100, stale-while-revalidate=50').expect(201)
    const { body } = await harness.request('get', `${at('cc')}/meta`).expect(200)
    expect(body.expiresInMs).toBeGreaterThan(80_000)
    expect(body.expiresInMs).toBeLessThanOrEqual(100_000)
    expect(body.staleExpiresInMs - body.expiresInMs).toBe(50_000)
    await put('cc', '1').set('cache-control', 'no-store').expect(400)
  })
})

describe('conditions', () => {
  it('leave out the bytes of a version that the caller has', async () => {
    const { headers } = await put('known', '1')
    await get('known').set('if-none-match', `"x", ${headers.etag}`).expect(304)
    await get('known').set('if-none-match', '"x"').expect(200)
    const head = () => harness.request('head', at('known'))
    await head()
      .set('if-none-match', headers.etag as string)
      .expect(304)
    await head().set('if-none-match', '"x"').expect(200)
  })

  it('store only where there is nothing', async () => {
    const request = () => put('once', '1').set('if-none-match', '*')
    await request().expect(201)
    const { body, headers } = await request().expect(412)
    expect(body).toMatchObject({ code: 'precondition-failed', etag: headers.etag })
  })

  it('let exactly one of many store first', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => put('race', String(i)).set('if-none-match', '*')),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(49)
  })

  it('store only over the version that the caller saw', async () => {
    const first = await put('cas', '1')
    const second = await put('cas', '2')
      .set('if-match', first.headers.etag as string)
      .expect(204)
    await put('cas', '3')
      .set('if-match', first.headers.etag as string)
      .expect(412)
    await put('cas', '3')
      .set('if-match', second.headers.etag as string)
      .expect(204)
    await put('none', '1').set('if-match', '*').expect(412)
    await put('none', '1')
      .set('if-match', first.headers.etag as string)
      .expect(412)
  })

  it('remove only the version that the caller saw', async () => {
    const { headers } = await put('gone', '1')
    await harness.request('delete', at('gone')).set('if-match', '"1"').expect(412)
    await harness
      .request('delete', at('gone'))
      .set('if-match', headers.etag as string)
      .expect(204)
    await get('gone').expect(404)
    await harness.request('delete', at('gone')).expect(204)
  })

  it('never give a version twice, not even after a delete', async () => {
    const first = await put('again', '1')
    await harness.request('delete', at('again')).expect(204)
    const second = await put('again', '1').expect(201)
    expect(second.headers.etag).not.toBe(first.headers.etag)
  })

  it('are decided once per idempotency key', async () => {
    const request = (value: string) =>
      put('keyed', value).set('if-none-match', '*').set('idempotency-key', 'k')
    const first = await request('1').expect(201)
    const second = await request('1').expect(201)
    expect(second.headers).toMatchObject({
      etag: first.headers.etag,
      'idempotent-replayed': 'true',
    })
    await request('2').expect(422)
  })
})

describe('bad input', () => {
  it.each([
    ['a ttl of 0', 'put', '?ttlMs=0', {}, 'query/ttlMs'],
    ['an unknown parameter', 'put', '?ttl=5', {}, 'query/ttl'],
    ['an If-Match without quotes', 'put', '', { 'if-match': 'abc' }, 'header/if-match'],
    [
      'a type above 255 bytes',
      'put',
      '',
      { 'content-type': `a/b;c=${'x'.repeat(255)}` },
      'header/content-type',
    ],
    [
      'seconds that are none',
      'get',
      '',
      { 'cache-control': 'max-stale=x' },
      'header/cache-control',
    ],
    [
      '33 tags',
      'put',
      '',
      { 'surrogate-key': [...Array(33).keys()].join(' ') },
      'header/surrogate-key',
    ],
    ['a broken list of groups', 'put', '', { 'cache-groups': '"a' }, 'header/cache-groups'],
  ] as const)('answers 400 for %s', async (_what, method, query, headers, pointer) => {
    const { body } = await harness
      .request(method, at('bad') + query)
      .set(headers)
      .expect(400)
    expect(body.errors).toEqual([faultAt(pointer)])
  })

  it('answers 413 above the bound of the space', async () => {
    const { body } = await put('large', Buffer.alloc(1024 * 1024 + 1)).expect(413)
    expect(body).toMatchObject({ code: 'too-large', maxValueBytes: 1024 * 1024 })
  })
})
