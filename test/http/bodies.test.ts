import { beforeAll, describe, expect, it } from 'vitest'
import { SHARED_PROBLEMS } from '../../src/http/problem-codes.js'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'

const harness = useHarness()

const send = (path: string, text: string, headers: Record<string, string> = {}) =>
  harness
    .request('post', path)
    .set({ 'content-type': 'application/json', ...headers })
    .send(text)

/** Arrays nested to this depth. */
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

/** Fields that accept any JSON, and the number of levels around them. */
const WITH_ANY_JSON: readonly [string, number, (json: string) => string][] = [
  ['/v1/locks/deep/acquire', 2, (json) => `{"metadata":{"a":${json}}}`],
  ['/v1/lock-sets/acquire', 2, (json) => `{"names":["deep-set"],"metadata":{"a":${json}}}`],
  ['/v1/cache/s/set-many', 3, (json) => `{"entries":[{"key":"deep","value":${json}}]}`],
  [
    '/v1/cache-pipeline',
    3,
    (json) => `{"operations":[{"op":"put","space":"s","key":"deep","value":${json}}]}`,
  ],
]

describe('a body that nests too deep', () => {
  it.each(WITH_ANY_JSON)(
    'is refused by %s, with and without a key to repeat it',
    async (path, _around, put) => {
      for (const levels of [65, 5_000, 20_000]) {
        for (const headers of [{}, { 'idempotency-key': `deep-${levels}` }]) {
          const { status, body } = await send(path, put(nested(levels)), headers)
          expect([status, body.code]).toEqual([400, 'invalid-request'])
          expect(body.errors).toEqual([faultAt('body', 'nests deeper than 64 levels')])
        }
      }
    },
  )

  it.each(WITH_ANY_JSON)('is accepted by %s up to 64 levels', async (path, around, put) => {
    await send(path, put(nested(64 - around))).expect(200)
    await send(path, put(nested(65 - around))).expect(400)
  })

  it('is not counted by brackets inside strings', async () => {
    const key = `${'['.repeat(100)}\\"${'{'.repeat(100)}\\\\`
    await send(
      '/v1/ratelimits/check',
      `{"limits":[{"name":"n","key":"${key}","limit":1,"windowMs":1000}]}`,
    ).expect(200)
  })

  it('is not counted by closed brackets', async () => {
    const value = `[${Array(100).fill(nested(3)).join()}]`
    await send('/v1/cache/s/set-many', `{"entries":[{"key":"flat","value":${value}}]}`).expect(200)
  })
})

describe('a number beyond the range of a double', () => {
  beforeAll(async () => {
    await harness.request('put', '/v1/leaderboards/numbers').send({}).expect(201)
  })

  it.each<[string, (json: string) => string, string]>([
    ['/v1/locks/n/acquire', (json) => `{"metadata":${json}}`, 'metadata'],
    ['/v1/sessions', (json) => `{"prefix":"s","metadata":${json}}`, 'metadata'],
    [
      '/v1/cache/s/set-many',
      (json) => `{"entries":[{"key":"n","value":${json}}]}`,
      'entries/0/value',
    ],
    [
      '/v1/cache-pipeline',
      (json) => `{"operations":[{"op":"put","space":"s","key":"n","value":${json}}]}`,
      'operations/0/value',
    ],
    [
      '/v1/leaderboards/numbers/scores',
      (json) => `{"entries":[{"member":"a","score":1,"metadata":${json}}]}`,
      'entries/0/metadata',
    ],
    ['/v1/queues/numbers/messages', (json) => `{"messages":[{"body":${json}}]}`, 'messages/0/body'],
    [
      '/v1/streams/numbers/entries',
      (json) => `{"entries":[{"event":"e","data":${json}}]}`,
      'entries/0/data',
    ],
  ])('is refused by %s with its place, and not stored as null', async (path, put, place) => {
    const { status, body } = await send(path, put('{"a":null,"b/c":[1.5,-1e400]}'))
    expect([status, body.errors]).toEqual([
      400,
      [faultAt(`body/${place}/b~1c/1`, 'is beyond the range of a double: send it as a string')],
    ])
    expect((await send(path, put('{"a":null,"b/c":[1.5]}'))).status).toBeLessThan(300)
  })
})

describe('a body that is too large', () => {
  it('is refused with the limit of its route', async () => {
    const { body } = await send('/v1/locks/a/acquire', `{"owner":"${'a'.repeat(65_536)}"}`).expect(
      413,
    )
    expect(body).toMatchObject({ code: 'too-large', maxBodyBytes: 65_536 })
    expect(body.detail).toContain('65536')
  })

  const text = (bytes: number) => ({ encoding: 'text', body: 'x'.repeat(bytes) })
  const entry = (bytes: number) => ({ event: 'e', encoding: 'text', data: 'x'.repeat(bytes) })
  it.each<[string, object, string]>([
    ['/v1/queues/large/messages', { messages: [text(262_145)] }, 'maxMessageBytes'],
    ['/v1/queues/large/messages', { messages: Array(5).fill(text(262_144)) }, 'maxSendBytes'],
    ['/v1/streams/large/entries', { entries: [entry(65_537)] }, 'maxEntryBytes'],
    ['/v1/streams/large/entries', { entries: Array(17).fill(entry(65_536)) }, 'maxAppendBytes'],
  ])('is refused by %s with a limit that the documents name', async (path, sent, limit) => {
    const { body } = await send(path, JSON.stringify(sent)).expect(413)
    expect(body[limit]).toEqual(expect.any(Number))
    expect(SHARED_PROBLEMS['too-large'].members.properties).toHaveProperty(limit)
  })

  it('is refused while it arrives if it has no Content-Length', async () => {
    const { port } = harness.app.server.address() as { port: number }
    const chunk = new TextEncoder().encode(' '.repeat(32 * 1024))
    let chunks = 0
    const body = new ReadableStream({
      pull: (controller) => (++chunks > 8 ? controller.close() : controller.enqueue(chunk)),
    })
    const answer = await fetch(`http://127.0.0.1:${port}/v1/locks/a/acquire`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    } as RequestInit)
    expect(answer.status).toBe(413)
  })

  it.each([
    ['/v1/cache/s/get-many', 'keys'],
    ['/v1/cache/s/delete-many', 'keys'],
    ['/v1/cache/s/invalidate', 'keys'],
  ])('is none with a thousand long names: %s', async (path, field) => {
    const names = Array.from({ length: 1_000 }, (_, i) => `${i}`.padEnd(512, 'x'))
    const { status, body } = await send(path, JSON.stringify({ [field]: names }))
    expect(status, JSON.stringify(body).slice(0, 200)).toBeLessThan(300)
  })

  it('is not one with a value of 6 MiB in base64', async () => {
    await harness.request('put', '/v1/cache-spaces/large').send({ maxValueBytes: 8 * 1024 * 1024 })
    const value = 'A'.repeat(8 * 1024 * 1024)
    const { body } = await send(
      '/v1/cache/large/set-many',
      `{"entries":[{"key":"a","encoding":"base64","value":"${value}"}]}`,
    ).expect(200)
    expect(body.results[0].status).toBe('created')
  })

  it('is refused for too many values, however short', async () => {
    const value = `[${Array(50_001).fill('[]').join()}]`
    const { body } = await send(
      '/v1/cache/s/set-many',
      `{"entries":[{"key":"a","value":${value}}]}`,
    ).expect(413)
    expect(body).toMatchObject({
      code: 'too-large',
      detail: 'The body holds more than 50000 values.',
    })
  })
})

describe('a body that is no object', () => {
  it.each(['"text"', '5', 'true', '[]', 'null'])(
    'is refused or empty, also with fields in the query: %s',
    async (text) => {
      const { status } = await send('/v1/locks/no-object/acquire?ttlMs=1000', text)
      expect(status).toBe(text === 'null' ? 200 : 400)
    },
  )
})

describe('a body that is no JSON', () => {
  it.each(['{', '{"a":"', `{"a":"${'x'.repeat(100)}`, '"\\', ']', 'nul', `${' '.repeat(100)}[[}`])(
    'is refused: %j',
    async (text) => {
      const { body } = await send('/v1/locks/a/acquire', text).expect(400)
      expect(body.errors).toEqual([faultAt('body', expect.stringMatching(/^is not valid JSON: /))])
    },
  )

  it('may begin with a byte order mark', async () => {
    await send('/v1/locks/marked/acquire', '\uFEFF{"ttlMs":1000}').expect(200)
  })
})

describe('names of JavaScript properties', () => {
  const odd = '{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}}}'

  it('are stored and come back', async () => {
    await send('/v1/cache/s/set-many', `{"entries":[{"key":"odd","value":${odd}}]}`).expect(200)
    expect((await harness.request('get', '/v1/cache/s/odd').expect(200)).text).toBe(odd)
    await send('/v1/locks/odd/acquire', `{"metadata":${odd}}`).expect(200)
    expect((await harness.request('get', '/v1/locks/odd').expect(200)).text).toContain(odd)
    expect(({} as { a?: number }).a).toBeUndefined()
  })

  it('are ordinary fields of an object', async () => {
    const path = '/v1/cache/s/proto/fields'
    await harness
      .request('patch', path)
      .set('content-type', 'application/json')
      .send('{"set":{"__proto__":"x","constructor":"y"},"incr":{"toString":1}}')
      .expect(200)
    const { text } = await harness.request('get', path).expect(200)
    expect(text).toContain('"__proto__":"x"')
    expect(text).toContain('"constructor":"y"')
  })

  it('make different requests under one idempotency key', async () => {
    const acquire = (json: string) =>
      send('/v1/locks/proto/acquire', `{"metadata":${json}}`, { 'idempotency-key': 'odd' })
    await acquire('{"__proto__":{"a":1}}').expect(200)
    await acquire('{"__proto__":{"a":2}}').expect(422)
    await acquire('{"__proto__":{"a":1}}').expect(200)
  })

  it('are unknown fields of a closed object', async () => {
    const { body } = await send('/v1/locks/a/acquire', '{"__proto__":{"ttlMs":5000}}').expect(400)
    expect(body.errors).toEqual([faultAt('body/__proto__', 'is not a known field')])
  })
})
