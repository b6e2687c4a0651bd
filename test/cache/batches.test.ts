import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toItems } from '../../src/cache/batches/answer.js'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { cacheDriver } from './driver.js'

interface Item {
  readonly key: string
  readonly status: string
  readonly [field: string]: unknown
}

const harness = useHarness()
const { at } = cacheDriver(harness)

const put = (key: string, value: string | Buffer, type = 'application/json') =>
  harness.request('put', at(key)).type(type).send(value)
const many = (what: string, body: object, space = 'users') =>
  harness.request('post', `/v1/cache/${space}/${what}-many`).send(body)
const resultsOf = async (what: string, body: object, space = 'users'): Promise<Item[]> =>
  (await many(what, body, space).expect(200)).body.results

describe('the items of an answer', () => {
  const KIB_100 = 'x'.repeat(100 * 1024)

  /** Number of event loop turns while the items are built. */
  async function turnsOf(texts: readonly string[]): Promise<number> {
    let turns = 0
    let making = true
    const count = (): void => {
      if (!making) return
      turns += 1
      setImmediate(count)
    }
    setImmediate(count)
    expect(await toItems(texts, (text) => text)).toEqual(texts)
    making = false
    return turns
  }

  it('let other requests run after each 256 KiB', async () => {
    expect(await turnsOf(Array(1_000).fill('x'))).toBe(0)
    expect(await turnsOf(Array(6).fill(KIB_100))).toBeGreaterThanOrEqual(2)
  })
})

describe('get-many', () => {
  it('answers in the order asked, with every field of a GET', async () => {
    const { headers } = await put('a', '{"n":1}').expect(201)
    await put('é/{b} 💾', 'plain', 'text/x').set('content-encoding', 'br').expect(201)

    const found = await resultsOf('get', { keys: ['é/{b} 💾', 'none', 'a', 'a'] })

    const a = {
      key: 'a',
      status: 'hit',
      state: 'fresh',
      encoding: 'json',
      value: { n: 1 },
      contentType: 'application/json',
      etag: headers.etag,
      ageMs: expect.any(Number),
      expiresInMs: expect.any(Number),
    }
    expect(found).toEqual([
      {
        ...a,
        key: 'é/{b} 💾',
        encoding: 'text',
        value: 'plain',
        contentType: 'text/x',
        contentEncoding: 'br',
        etag: expect.any(String),
      },
      { key: 'none', status: 'cache-miss', state: 'miss' },
      a,
      a,
    ])
    expect(found[2]?.expiresInMs).toBeGreaterThan(260_000)
  })

  it('shows what is stale, and what is another kind than bytes', async () => {
    await harness
      .request('put', `${at('s')}?ttlMs=1000&staleMs=60000`)
      .send('x')
      .expect(201)
    await harness.request('post', `${at('c')}/incr`).expect(200)
    await harness
      .request('patch', `${at('o')}/fields`)
      .send({ set: { a: '1' } })
      .expect(200)
    harness.advance(1_500)
    const [stale, counter, object] = await resultsOf('get', { keys: ['s', 'c', 'o'] })
    expect(stale).toMatchObject({ status: 'hit', state: 'stale', value: 'x' })
    expect(stale?.expiresInMs).toBe(0)
    expect(counter).toEqual({ key: 'c', status: 'kind-mismatch', kind: 'counter' })
    expect(object).toEqual({ key: 'o', status: 'kind-mismatch', kind: 'object' })
  })

  it('is compressed, cached and varied like every answer of the cache', async () => {
    const { headers } = await many('get', { keys: ['a'] }).expect(200)
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(headers['cache-control']).toBe('private, no-store')
    expect(headers.vary).toBe('Authorization, Lockstep-Namespace')
  })

  it.each([
    ['{"a":12345678901234567890, "b":1.0}', 'json', 'json', '{"a":12345678901234567890, "b":1.0}'],
    [' [1 ,2]\n', 'json', 'json', ' [1 ,2]\n'],
    ['-0.10', 'json', 'json', '-0.10'],
    ['null', 'json', 'json', 'null'],
    ['"text"', 'json', 'json', '"text"'],
    ['no json', 'json', 'text', '"no json"'],
    ['truely', 'json', 'text', '"truely"'],
    ['{"half":', 'json', 'text', '"{\\"half\\":"'],
    ['', 'json', 'text', '""'],
    ['{"n":1}', 'text', 'text', '"{\\"n\\":1}"'],
    ['{"n":1}', 'base64', 'base64', '"eyJuIjoxfQ=="'],
    [Buffer.from([0xff, 0, 1]), 'json', 'base64', '"/wAB"'],
    [Buffer.from([0xff, 0, 1]), 'text', 'base64', '"/wAB"'],
    [Buffer.from([0xed, 0xa0, 0x80]), 'json', 'base64', '"7aCA"'],
  ])('puts %j as %s: %s, verbatim', async (value, wanted, encoding, json) => {
    await put('form', value, 'application/octet-stream')
    const { text } = await many('get', { keys: ['form'], encoding: wanted }).expect(200)
    expect(text).toContain(`"encoding":"${encoding}","value":${json},"contentType"`)
    JSON.parse(text)
  })

  it.each([
    ['as many values as a body may hold', `[${'0,'.repeat(49_998)}0]`, 'json'],
    ['more values', `[${'0,'.repeat(49_999)}0]`, 'text'],
    ['as many levels as a body may have', '['.repeat(64) + ']'.repeat(64), 'json'],
    ['more levels', '['.repeat(65) + ']'.repeat(65), 'text'],
  ])('takes JSON of %s for what it is', async (_what, value, encoding) => {
    await put('large', value)
    const [item] = await resultsOf('get', { keys: ['large'] })
    expect(item?.encoding).toBe(encoding)
    expect(item?.value).toEqual(encoding === 'json' ? JSON.parse(value) : value)
  })

  it('returns any bytes in base64', async () => {
    const value = randomBytes(100_000)
    await put('any', value, 'application/octet-stream')
    const [item] = await resultsOf('get', { keys: ['any'], encoding: 'base64' })
    expect(Buffer.from(String(item?.value), 'base64').equals(value)).toBe(true)
  })

  it('takes at most 1000 keys', async () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`)
    await resultsOf('set', { entries: keys.map((key) => ({ key, value: key })) })
    const found = await resultsOf('get', { keys })
    expect(found.map(({ value }) => value)).toEqual(keys)
    await many('get', { keys: [...keys, 'one more'] }).expect(400)
    await many('get', { keys: [] }).expect(400)
    await many('get', { keys: ['a', ''] }).expect(400)
    await many('get', { keys: ['a'], encoding: 'hex' }).expect(400)
  })

  it('defers values beyond an answer of 8 MiB', async () => {
    const large = Array.from({ length: 10 }, (_, i) => `large-${i}`)
    const value = 'x'.repeat(1024 * 1024 - 1_000)
    for (const key of large) await put(key, value, 'text/plain').expect(201)

    const keys = [...large, 'none']
    const rounds: string[][] = []
    let left = keys
    while (left.length > 0) {
      const { body, text } = await many('get', { keys: left }).expect(200)
      expect(text.length).toBeLessThan(8 * 1024 * 1024 + 4_000)
      const found = body.results as Item[]
      expect(found.map(({ key }) => key)).toEqual(left)
      for (const item of found) {
        if (item.status === 'hit') expect(item.value).toBe(value)
        else if (item.status === 'deferred') expect(Object.keys(item)).toEqual(['key', 'status'])
        else expect(item).toEqual({ key: 'none', status: 'cache-miss', state: 'miss' })
      }
      left = found.filter(({ status }) => status === 'deferred').map(({ key }) => key)
      rounds.push(left)
    }
    expect(rounds.map(({ length }) => length)).toEqual([2, 0])
  })

  it('counts the size of the values in the answer, not in Redis', async () => {
    const keys = Array.from({ length: 8 }, (_, i) => `control-${i}`)
    // The character is one byte in Redis and six in JSON.
    for (const key of keys) await put(key, '\u0001'.repeat(500_000), 'text/plain').expect(201)
    const { body, text } = await many('get', { keys }).expect(200)
    expect(text.length).toBeLessThan(8 * 1024 * 1024 + 1_000)
    const statuses = (body.results as Item[]).map(({ status }) => status)
    expect(statuses).toEqual([...Array(2).fill('hit'), ...Array(6).fill('deferred')])
  })
})

describe('set-many', () => {
  it('stores each as a PUT would, and answers with its outcome', async () => {
    await put('there', '1').expect(201)
    const stored = await resultsOf('set', {
      entries: [
        { key: 'there', value: { n: 2 } },
        { key: 'json', value: [1, 'é'], tags: ['t', 't'] },
        { key: 'text', value: 'é', encoding: 'text' },
        { key: 'bytes', value: '/wAB', encoding: 'base64' },
        { key: 'typed', value: null, contentType: 'application/vnd.x+json' },
        { key: 'lives', value: 1, ttlMs: 100_000, staleMs: 50_000 },
      ],
    })
    expect(stored.map(({ key, status }) => [key, status])).toEqual([
      ['there', 'replaced'],
      ['json', 'created'],
      ['text', 'created'],
      ['bytes', 'created'],
      ['typed', 'created'],
      ['lives', 'created'],
    ])
    const meta = async (key: string) =>
      (await harness.request('get', `${at(key)}/meta`).expect(200)).body
    expect(await meta('json')).toMatchObject({ contentType: 'application/json', tags: ['t'] })
    expect(await meta('json')).toMatchObject({ etag: stored[1]?.etag, sizeBytes: 8 })
    expect(await meta('text')).toMatchObject({
      contentType: 'text/plain; charset=utf-8',
      sizeBytes: 2,
    })
    expect(await meta('bytes')).toMatchObject({
      contentType: 'application/octet-stream',
      sizeBytes: 3,
    })
    expect(await meta('typed')).toMatchObject({
      contentType: 'application/vnd.x+json',
      sizeBytes: 4,
    })
    const { expiresInMs, staleExpiresInMs } = await meta('lives')
    expect(expiresInMs).toBeGreaterThan(80_000)
    expect(expiresInMs).toBeLessThanOrEqual(100_000)
    expect(staleExpiresInMs - expiresInMs).toBe(50_000)
    expect((await harness.request('get', at('json'))).text).toBe('[1,"é"]')
  })

  it('checks the conditions of each; a refused one stops no other', async () => {
    const { headers } = await put('cas', '1').expect(201)
    const [a, b, c, d, e, f] = await resultsOf('set', {
      entries: [
        { key: 'cas', value: 0, ifNoneMatch: '*' },
        { key: 'cas', value: 0, ifMatch: '"0"' },
        { key: 'cas', value: 2, ifMatch: headers.etag },
        { key: 'cas', value: 0, ifMatch: headers.etag },
        { key: 'gone', value: 0, ifMatch: '*' },
        { key: 'huge', value: 'x'.repeat(1024 * 1024) },
      ],
    })
    expect(a).toEqual({ key: 'cas', status: 'precondition-failed', etag: headers.etag })
    expect(b).toEqual({ key: 'cas', status: 'precondition-failed', etag: headers.etag })
    expect(c).toMatchObject({ key: 'cas', status: 'replaced' })
    expect(d).toEqual({ key: 'cas', status: 'precondition-failed', etag: c?.etag })
    expect(e).toEqual({ key: 'gone', status: 'precondition-failed' })
    expect(f).toEqual({ key: 'huge', status: 'too-large' })
    expect((await harness.request('get', at('cas'))).text).toBe('2')
  })

  it.each([
    [{ key: 'k' }, ''],
    [{ key: 'k', negative: false }, ''],
    [{ key: 'k', negative: true, value: null }, ''],
    [{ key: 'k', value: 1, encoding: 'text' }, 'value'],
    [{ key: 'k', value: '\ud800', encoding: 'text' }, 'value'],
    [{ key: 'k', value: 'a', encoding: 'base64' }, 'value'],
    [{ key: 'k', value: 'a*==', encoding: 'base64' }, 'value'],
    [{ key: 'k', value: 1, contentType: 'json' }, 'contentType'],
    [{ key: 'k', value: 1, ifMatch: 'x' }, 'ifMatch'],
    [{ key: 'k', value: 1, ifMatch: '*', ifNoneMatch: '*' }, 'ifNoneMatch'],
    [{ key: 'k', value: 1, ifNoneMatch: '"x"' }, 'ifNoneMatch'],
    [{ key: 'k', value: 1, tags: ['é'] }, 'tags'],
    [{ key: 'k', value: 1, ttlMs: 0 }, 'ttlMs'],
    [{ key: '', value: 1 }, 'key'],
  ])('refuses %j, and stores nothing at all', async (entry, field) => {
    const { errors } = (
      await many('set', { entries: [{ key: 'first', value: 1 }, entry] }).expect(400)
    ).body
    const place = placeOf(errors[0])
    if (field === '') expect(place).toBe('body/entries/1')
    else expect(place).toContain(`body/entries/1/${field}`)
    await harness.request('get', at('first')).expect(404)
  })

  it('applies a repeat under its Idempotency-Key once', async () => {
    const body = {
      entries: [
        { key: 'once', value: 1, ifNoneMatch: '*' },
        { key: 'once-b', value: 1 },
      ],
    }
    const first = await many('set', body).set('idempotency-key', 'batch-1').expect(200)
    await put('once-b', '2').expect(204)
    const again = await many('set', body).set('idempotency-key', 'batch-1').expect(200)
    expect(again.body.results).toEqual(
      first.body.results.map((item: Item) => ({ ...item, replayed: true })),
    )
    expect((await harness.request('get', at('once-b'))).text).toBe('2')
    const other = { entries: [{ key: 'once', value: 3 }] }
    const { body: refused } = await many('set', other).set('idempotency-key', 'batch-1').expect(200)
    expect(refused.results).toEqual([{ key: 'once', status: 'idempotency-conflict' }])
  })
})

describe('delete-many', () => {
  it('drops keys of any kind, and answers the same where nothing was', async () => {
    await put('x', '1').expect(201)
    await harness.request('post', `${at('y')}/incr`).expect(200)
    expect(await resultsOf('delete', { keys: ['x', 'y', 'never'] })).toEqual([
      { key: 'x', status: 'deleted' },
      { key: 'y', status: 'deleted' },
      { key: 'never', status: 'deleted' },
    ])
    await harness.request('get', at('x')).expect(404)
    await harness.request('get', `${at('y')}/counter`).expect(404)
  })
})

describe('a batch', () => {
  const key = fc.constantFrom('p', 'q', 'r/ü', '{s}')
  const value = fc.oneof(
    fc.json().map((json) => JSON.parse(json)),
    fc.string({ unit: 'grapheme' }),
  )
  const command = fc.oneof(
    fc.record({
      what: fc.constant('get' as const),
      keys: fc.array(key, { minLength: 1, maxLength: 6 }),
    }),
    fc.record({
      what: fc.constant('delete' as const),
      keys: fc.array(key, { minLength: 1, maxLength: 2 }),
    }),
    fc.record({
      what: fc.constant('set' as const),
      entries: fc.array(
        fc
          .record(
            { key, value, ifNoneMatch: fc.constant('*'), ifMatch: fc.constant('*') },
            { requiredKeys: ['key', 'value'] },
          )
          .map(({ ifMatch, ...entry }) => ({
            ...entry,
            ...(entry.ifNoneMatch ? {} : ifMatch && { ifMatch }),
          })),
        { minLength: 1, maxLength: 6 },
      ),
    }),
    fc.record({
      what: fc.constant('advance' as const),
      // Jitter ends a TTL of a minute up to six seconds early, so no read falls into those.
      ms: fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.constant(70_000)),
    }),
  )
  type Command = typeof command extends fc.Arbitrary<infer C> ? C : never

  const STATUS: Readonly<Record<number, string>> = { 200: 'hit', 201: 'created', 204: 'replaced' }

  async function single(
    space: string,
    method: 'get' | 'put' | 'delete',
    name: string,
    send?: object,
  ) {
    const { value, ifMatch, ifNoneMatch } = (send ?? {}) as Record<string, string>
    const request = harness.request(method, at(name, space))
    if (ifMatch) request.set('if-match', ifMatch)
    if (ifNoneMatch) request.set('if-none-match', ifNoneMatch)
    if (method === 'get') request.buffer(true)
    const { status, text, body } = await (method === 'put'
      ? request.query({ ttlMs: 60_000 }).type('application/json').send(JSON.stringify(value))
      : request)
    if (method === 'delete') return { key: name, status: 'deleted' }
    return status === 200
      ? { key: name, status: 'hit', value: JSON.parse(text) }
      : { key: name, status: STATUS[status] ?? body.code }
  }

  async function bySingleCalls(space: string, sent: Command) {
    const answers = []
    if (sent.what === 'advance') return []
    if (sent.what === 'set') {
      for (const entry of sent.entries) answers.push(await single(space, 'put', entry.key, entry))
    } else for (const name of sent.keys) answers.push(await single(space, sent.what, name))
    return answers
  }

  async function byBatch(space: string, sent: Command) {
    if (sent.what === 'advance') return []
    const body =
      sent.what === 'set'
        ? { entries: sent.entries.map((entry) => ({ ...entry, ttlMs: 60_000 })) }
        : { keys: sent.keys }
    const found = await resultsOf(sent.what, body, space)
    return found.map(({ key: name, status, value: found }) => ({
      key: name,
      status,
      ...(status === 'hit' && { value: found }),
    }))
  }

  it('answers as single calls in the same order would', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 8 }), async (commands) => {
        run += 1
        for (const sent of commands) {
          if (sent.what === 'advance') harness.advance(sent.ms)
          expect(await byBatch(`b${run}`, sent)).toEqual(await bySingleCalls(`s${run}`, sent))
        }
      }),
      { numRuns: 40 },
    )
  })
})
