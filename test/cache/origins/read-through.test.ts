import { describe, expect, it } from 'vitest'
import { useHarness } from '../../support/harness.js'
import { placeOf } from '../../support/request-faults.js'
import { until } from '../../support/until.js'
import { loadingDriver, SPACE } from './driver.js'
import { type Answer, status, text, useOrigin, usual } from './test-origin.js'

const harness = useHarness()
const { get, ask, at, put, remove, getMany, invalidate, loadFrom } = loadingDriver(harness)

const statusOf = (answer: { headers: Record<string, string> }) => answer.headers['cache-status']

describe('a GET', () => {
  it('loads what is missing, once', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    const loaded = await get('once').expect(200)
    expect([loaded.text, loaded.headers['content-type'], loaded.headers['lockstep-state']]).toEqual(
      ['value of once', 'text/plain', 'fresh'],
    )
    expect(statusOf(loaded)).toBe('lockstep; fwd=uri-miss; fwd-status=200; stored')
    const hit = await get('once').expect(200)
    expect([hit.text, hit.headers.etag]).toEqual(['value of once', loaded.headers.etag])
    expect(statusOf(hit)).toMatch(/^lockstep; hit; ttl=/)
    expect(origin.count('once')).toBe(1)
  })

  it('loads a key of any text as one segment of the path', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    const key = 'ü/%2e%2e?a=b#c d'
    expect((await get(key).expect(200)).text).toBe(`value of ${key}`)
    expect(origin.paths).toEqual(['/values/%C3%BC%2F%252e%252e%3Fa%3Db%23c%20d'])
  })

  it.each(['../up', 'a/..', 'a\\.\\b', './b'])(
    'refuses %s, which a server may resolve',
    async (key) => {
      const origin = await useOrigin()
      loadFrom(origin)
      const { body } = await get(key).expect(400)
      expect(placeOf(body.errors[0])).toBe('path/key')
      const many = await getMany(['fine', key]).expect(400)
      expect(placeOf(many.body.errors[0])).toBe('body/keys/1')
      expect(origin.paths).toEqual([])
    },
  )

  it('sends headers of the configuration, a trace, and nothing of the caller', async () => {
    const origin = await useOrigin()
    loadFrom(origin, { origin: { headers: { authorization: 'Bearer secret' } } })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const sent = { traceparent, 'x-request-id': 'request-7', cookie: 'mine', 'x-mine': 'yes' }
    await get('headers').set(sent).expect(200)
    expect(origin.headers).toEqual({
      host: origin.url.slice('http://'.length),
      connection: 'keep-alive',
      accept: '*/*',
      'accept-encoding': 'identity',
      authorization: 'Bearer secret',
      traceparent,
      'user-agent': 'lockstep',
      'x-request-id': 'request-7',
    })
  })

  it('keeps the tags and the content coding of an answer', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    origin.answer = (_request, response) =>
      void response
        .setHeader('surrogate-key', 'red blue')
        .setHeader('content-encoding', 'coded')
        .end('coded')
    expect((await get('tagged').expect(200)).headers['content-encoding']).toBe('coded')
    const meta = await harness.request('get', `${at('tagged')}/meta`).expect(200)
    expect(meta.body).toMatchObject({ tags: ['red', 'blue'], contentEncoding: 'coded' })
    await invalidate({ tags: ['red'], mode: 'hard' }).expect(204)
    await get('tagged').expect(200)
    expect(origin.count('tagged')).toBe(2)
  })

  it('drops a content type and tags that a PUT may not have', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    origin.answer = (_request, response) =>
      void response
        .setHeader('content-type', 'nothing known')
        .setHeader('cache-groups', 'unquoted')
        .end('x')
    expect((await get('odd').expect(200)).headers['content-type']).toBe('application/octet-stream')
  })

  it.each([404, 410])('takes %s for the absence of a value, until that ends', async (code) => {
    const origin = await useOrigin()
    loadFrom(origin, { negativeTtlMs: 5_000 })
    origin.answer = status(code)
    const key = `absent-${code}`
    const first = await get(key).expect(404)
    expect([first.body.state, statusOf(first)]).toEqual([
      'negative',
      `lockstep; fwd=uri-miss; fwd-status=${code}; stored`,
    ])
    expect(statusOf(await get(key).expect(404))).toBe('lockstep; hit; detail=negative')
    expect(origin.count(key)).toBe(1)
    harness.advance(5_000)
    await get(key).expect(404)
    expect(origin.count(key)).toBe(2)
  })

  it('answers from a validator of the caller', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    const { headers } = await get('validated').expect(200)
    await get('validated')
      .set('if-none-match', headers.etag as string)
      .expect(304)
  })

  it('takes no lease of a caller, and its waitMs without one', async () => {
    loadFrom(await useOrigin())
    const { body } = await ask('leased').expect(400)
    expect(placeOf(body.errors[0])).toBe('query/lease')
    const many = await harness
      .request('post', `/v1/cache/${SPACE}/get-many`)
      .send({ keys: ['leased'], lease: true })
      .expect(400)
    expect(placeOf(many.body.errors[0])).toBe('body/lease')
    await get('leased').query({ waitMs: 30_000 }).expect(200)
  })

  it('loads in the namespaces of the origin alone', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    const elsewhere = `${harness.namespace}-x`
    const { body } = await get('foreign').set('lockstep-namespace', elsewhere).expect(403)
    expect(body.code).toBe('origin-namespace')
    await getMany(['foreign']).set('lockstep-namespace', elsewhere).expect(403)
    const operations = [{ op: 'get', space: SPACE, key: 'foreign' }]
    await harness
      .request('post', '/v1/cache-pipeline')
      .set('lockstep-namespace', elsewhere)
      .send({ operations })
      .expect(403)
    expect(origin.paths).toEqual([])
  })
})

it('a value that was put is served, and loaded when it is gone', async () => {
  const origin = await useOrigin()
  loadFrom(origin)
  await put('own', 'put')
  expect((await get('own').expect(200)).text).toBe('put')
  await remove('own')
  expect((await get('own').expect(200)).text).toBe('value of own')
})

it('HEAD, metadata, counters and objects load nothing', async () => {
  const origin = await useOrigin()
  loadFrom(origin)
  await harness.request('head', at('looked')).expect(404)
  await harness.request('get', `${at('looked')}/meta`).expect(404)
  await harness.request('get', `${at('looked')}/fields`).expect(404)
  await harness
    .request('post', `${at('looked')}/incr`)
    .send({})
    .expect(200)
  expect((await get('looked').expect(409)).body.code).toBe('kind-mismatch')
  expect(origin.paths).toEqual([])
})

describe('many keys', () => {
  it('are loaded where they are missing, each with its own result', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    await put('many-1', 'put')
    origin.answer = (request, response) => {
      if (request.url?.endsWith('many-3')) status(404)(request, response)
      else if (request.url?.endsWith('many-4')) status(500)(request, response)
      else usual(request, response)
    }
    const { body } = await getMany(['many-1', 'many-2', 'many-3', 'many-4']).expect(200)
    expect(body.results).toMatchObject([
      { status: 'hit', value: 'put' },
      { status: 'hit', value: 'value of many-2', state: 'fresh' },
      { status: 'cache-miss', state: 'negative' },
      { status: 'origin-failed', detail: 'The origin answered 500.' },
    ])
    expect(origin.paths).toHaveLength(3)
  })

  it('are loaded by a pipeline as well', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    const operations = [
      { op: 'get', space: SPACE, key: 'piped' },
      { op: 'get', space: 'elsewhere', key: 'piped' },
    ]
    const { body } = await harness.request('post', '/v1/cache-pipeline').send({ operations })
    expect(body.results).toMatchObject([
      { status: 'hit', value: 'value of piped' },
      { status: 'cache-miss' },
    ])
  })

  it('more than the slots are loaded one after the other', async () => {
    const origin = await useOrigin()
    loadFrom(origin, { origin: { maxConcurrent: 2 } })
    let most = 0
    let now = 0
    origin.answer = (request, response) => {
      most = Math.max(most, ++now)
      setImmediate(() => {
        now -= 1
        usual(request, response)
      })
    }
    const keys = Array.from({ length: 20 }, (_, i) => `slot-${i}`)
    const { body } = await getMany(keys).expect(200)
    expect(body.results.map((one: { value: string }) => one.value)).toEqual(
      keys.map((key) => `value of ${key}`),
    )
    expect(most).toBeLessThanOrEqual(2)
  })
})

describe('a stale value', () => {
  it('is served at once, and loaded again behind it', async () => {
    const origin = await useOrigin()
    loadFrom(origin, { ttlMs: 1_000, staleMs: 600_000 })
    await get('stale').expect(200)
    harness.advance(2_000)
    origin.answer = text('new')
    const stale = await get('stale').expect(200)
    expect([stale.text, stale.headers['lockstep-state']]).toEqual(['value of stale', 'stale'])
    await until('the new value', async () => (await get('stale')).text === 'new')
    expect(origin.count('stale')).toBe(2)
  })

  it('that the caller does not accept is loaded before the answer', async () => {
    const origin = await useOrigin()
    loadFrom(origin, { ttlMs: 1_000, staleMs: 600_000 })
    await get('narrow').expect(200)
    harness.advance(2_000)
    origin.answer = text('new')
    expect((await get('narrow').set('cache-control', 'max-stale=0').expect(200)).text).toBe('new')
  })
})

describe('an answer that may not be stored', () => {
  const plain =
    (headers: Record<string, string>): Answer =>
    (request, response) => {
      response
        .writeHead(200, { 'content-type': 'text/plain', ...headers })
        .end(`value of ${request.url} ${Math.random()}`)
    }

  it.each<[string, Record<string, string>]>([
    ['no-store', { 'cache-control': 'no-store' }],
    ['private', { 'cache-control': 'private, max-age=60' }],
    ['Vary: *', { vary: 'accept, *' }],
    ['Set-Cookie', { 'set-cookie': 'a=b' }],
    ['max-age=0 without a window', { 'cache-control': 'max-age=0' }],
  ])('%s: is for one request', async (name, headers) => {
    const origin = await useOrigin()
    loadFrom(origin)
    origin.answer = plain(headers)
    const key = `not-stored-${name}`
    const answers = await Promise.all(Array.from({ length: 5 }, () => get(key).expect(200)))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(5)
    expect(answers.map(statusOf)).toEqual(Array(5).fill('lockstep; fwd=uri-miss; fwd-status=200'))
    expect(answers[0]?.headers.etag).toBeUndefined()
    await harness.request('head', at(key)).expect(404)
    expect(origin.count(key)).toBe(5)
  })

  it('is stored again once the origin allows it, after a while', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    origin.answer = plain({ 'cache-control': 'no-store' })
    await get('later').expect(200)
    origin.answer = usual
    // However slow the machine is, the pass goes on.
    harness.advance(-50_000)
    expect(statusOf(await get('later').expect(200))).toBe('lockstep; fwd=uri-miss; fwd-status=200')
    harness.advance(60_000)
    expect(statusOf(await get('later').expect(200))).toContain('stored')
  })

  it('is larger than a value of the space', async () => {
    const origin = await useOrigin()
    loadFrom(origin, { maxValueBytes: 4 })
    expect((await get('large').expect(200)).text).toBe('value of large')
    await harness.request('head', at('large')).expect(404)
  })
})
