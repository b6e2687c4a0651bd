import { describe, expect, it } from 'vitest'
import { useHarness } from '../../support/harness.js'
import { placeOf } from '../../support/request-faults.js'
import { until } from '../../support/until.js'
import { type LoadingSpace, loadingDriver, SPACE } from './driver.js'
import { type Answer, startOrigin, status } from './test-origin.js'
import { useWritableOrigin, type WritableOrigin } from './writable-origin.js'

const harness = useHarness()
const { at, get, put, getMany, invalidate, incr, patch, lease, loadFrom } = loadingDriver(harness)

const APPLY_MS = 3_000_000
const through = (origin: object = {}, settings: LoadingSpace = {}): LoadingSpace => ({
  staleMs: 600_000,
  ...settings,
  origin: { write: 'through', applyWithinMs: APPLY_MS, ...origin },
})
const remove = (key: string) => harness.request('delete', at(key))
const setMany = (entries: readonly object[]) =>
  harness.request('post', `/v1/cache/${SPACE}/set-many`).send({ entries })
const removeMany = (keys: readonly string[]) =>
  harness.request('post', `/v1/cache/${SPACE}/delete-many`).send({ keys })
const statusOf = (answer: { headers: Record<string, string> }) => answer.headers['cache-status']
const loads = (origin: WritableOrigin, key: string) =>
  origin.count(key) - origin.writes.filter((write) => write.key === key).length
const DATE = 'Mon, 01 Jan 2024 00:00:00 GMT'
const HIT = /^lockstep; hit/
const UNSTORED = 'lockstep; fwd=uri-miss; fwd-status=200'

/** A writable origin, and a space that writes through to it. */
async function writing(origin: object = {}, settings: LoadingSpace = {}) {
  const own = await useWritableOrigin()
  loadFrom(own, through(origin, settings))
  return own
}

describe('a PUT', () => {
  it('reaches the origin, then the cache', async () => {
    const origin = await writing()
    const created = await put('one', 'first').expect(201)
    expect(statusOf(created)).toBe('lockstep; fwd=method; fwd-status=201; stored')
    const replaced = await put('one', 'second').expect(204)
    expect(statusOf(replaced)).toBe('lockstep; fwd=method; fwd-status=204; stored')
    expect(origin.values.get('one')).toBe('second')
    const hit = await get('one').expect(200)
    expect([hit.text, hit.headers.etag]).toEqual(['second', replaced.headers.etag])
    expect(statusOf(hit)).toMatch(HIT)
    expect(loads(origin, 'one')).toBe(0)
  })

  it('sends the value, its version, and nothing of the caller', async () => {
    const origin = await writing({ headers: { authorization: 'Bearer mine' } })
    const sent = { 'x-request-id': 'request-8', 'content-encoding': 'coded', 'x-mine': 'yes' }
    await put('headers', 'bytes').set(sent).set('surrogate-key', 'tag').expect(201)
    await put('headers', 'bytes').expect(204)
    const [{ headers, body }, next] = origin.writes as [(typeof origin.writes)[0], never]
    const version = headers['lockstep-version'] as string
    expect(body).toBe('bytes')
    expect(headers).toEqual({
      host: origin.url.slice('http://'.length),
      connection: 'keep-alive',
      accept: '*/*',
      'accept-encoding': 'identity',
      authorization: 'Bearer mine',
      'content-encoding': 'coded',
      'content-length': '5',
      'content-type': 'text/plain',
      'idempotency-key': expect.stringMatching(new RegExp(`^[\\w-]{22}-${version}$`)),
      'lockstep-version': expect.stringMatching(/^\d{16}$/),
      'user-agent': 'lockstep',
      'x-request-id': 'request-8',
    })
    expect(Number((next as (typeof origin.writes)[0]).headers['lockstep-version'])).toBeGreaterThan(
      Number(version),
    )
  })

  it('is not stored with `after: drop`: the next read loads what the origin made of it', async () => {
    const origin = await writing({ after: 'drop' })
    const written = await put('dropped', ' Given ').expect(201)
    expect(written.headers).not.toHaveProperty('etag')
    expect(statusOf(written)).toBe('lockstep; fwd=method; fwd-status=201')
    origin.values.set('dropped', 'given')
    expect((await get('dropped').expect(200)).text).toBe('given')
  })

  it('is stored with its tags and for its time', async () => {
    const origin = await writing()
    await put('tagged', 'bytes').set('surrogate-key', 'red').query({ ttlMs: 5_000 }).expect(201)
    await invalidate({ tags: ['red'], mode: 'hard' }).expect(204)
    expect(statusOf(await get('tagged').expect(200))).toContain('fwd-status=200')
    expect(loads(origin, 'tagged')).toBe(1)
  })
})

describe('a DELETE', () => {
  it('reaches the origin, and the absence is known', async () => {
    const origin = await writing()
    await put('gone', 'bytes').expect(201)
    const removed = await remove('gone').expect(204)
    expect(statusOf(removed)).toBe('lockstep; fwd=method; fwd-status=204; stored')
    expect(origin.values.has('gone')).toBe(false)
    const [, { headers }] = origin.writes as [never, (typeof origin.writes)[0]]
    expect(headers).not.toHaveProperty('content-type')
    expect(headers['lockstep-version']).toMatch(/^\d{16}$/)
    expect(statusOf(await get('gone').expect(404))).toBe('lockstep; hit; detail=negative')
    expect(loads(origin, 'gone')).toBe(0)
  })

  it.each([404, 410])('is done where the origin answers %s', async (code) => {
    const origin = await writing()
    origin.onWrite = status(code)
    await remove(`absent-${code}`).expect(204)
    await get(`absent-${code}`).expect(404)
    expect(loads(origin, `absent-${code}`)).toBe(0)
  })
})

const silent: Answer = () => {}
const cut: Answer = (_request, response) => void response.destroy()
const UNKNOWN: [string, Answer][] = [
  ...[202, 302, 408, 425, 429, 500, 503].map((code): [string, Answer] => [`${code}`, status(code)]),
  ['no answer', silent],
  ['a cut connection', cut],
]

describe.each(['PUT', 'DELETE'] as const)('a %s', (method) => {
  const change = (key: string) => (method === 'PUT' ? put(key, 'new') : remove(key))
  const keyOf = (name: string) => `${method} ${name}`

  it.each(UNKNOWN)('that is answered by %s has an unknown outcome', async (name, answer) => {
    const origin = await writing({ timeoutMs: answer === silent ? 400 : 30_000 })
    const key = keyOf(name)
    origin.values.set(key, 'old')
    await get(key).expect(200)
    origin.onWrite = answer
    const { body } = await change(key).expect(503)
    expect(body).toMatchObject({ code: 'outcome-unknown', detail: expect.stringMatching(/origin/) })
    expect(statusOf(await get(key).expect(200))).toBe(UNSTORED)
    harness.advance(APPLY_MS - 600_000)
    expect(statusOf(await get(key).expect(200))).toBe(UNSTORED)
    harness.advance(600_001)
    expect(statusOf(await get(key).expect(200))).toBe(`${UNSTORED}; stored`)
  })

  it.each([400, 403, 409, 422])('that is answered by %s is refused', async (code) => {
    const origin = await writing()
    const key = keyOf(`${code}`)
    origin.values.set(key, 'old')
    await get(key).expect(200)
    origin.onWrite = (_request, response) => void response.writeHead(code).end('secret')
    const { body } = await change(key).expect(422)
    expect(body).toMatchObject({ code: 'write-refused', originStatus: code })
    expect(body).not.toHaveProperty('originBody')
    const stale = await get(key).expect(200)
    expect([stale.text, stale.headers['lockstep-state']]).toEqual(['old', 'stale'])
    await until('a fresh value', async () => (await get(key)).headers['lockstep-state'] === 'fresh')
  })

  it('is not applied where there is no connection', async () => {
    const away = await startOrigin()
    await away.stop()
    loadFrom(away, through())
    const key = keyOf('away')
    const { body, headers } = await change(key).expect(503)
    expect([body.code, headers['retry-after']]).toEqual(['origin-unavailable', '1'])
    const origin = await writing()
    origin.values.set(key, 'there')
    expect(statusOf(await get(key).expect(200))).toBe(`${UNSTORED}; stored`)
  })

  it('is not sent to an origin that failed often', async () => {
    const origin = await writing()
    origin.onWrite = status(503)
    const answer = await until('a refusal', async () => {
      const before = origin.writes.length
      const { body } = await change(keyOf('often')).expect(503)
      return origin.writes.length === before && body
    })
    expect(answer.code).toBe('origin-unavailable')
  })

  it('of another namespace, or of a key that servers resolve, is refused', async () => {
    const origin = await writing({ namespaces: ['another'] })
    expect((await change('any').expect(403)).body.code).toBe('origin-namespace')
    loadFrom(origin, through())
    expect(placeOf((await change('a/..').expect(400)).body.errors[0])).toBe('path/key')
    expect(origin.paths).toEqual([])
  })
})

it('a repeat that the origin may have taken before is not stored', async () => {
  const origin = await writing({ applyWithinMs: 0 })
  const send = () => put('again', 'first').set('idempotency-key', 'again')
  origin.onWrite = (_request, response) => {
    origin.apply(origin.writes[0] as (typeof origin.writes)[0])
    response.destroy()
  }
  await send().expect(503)
  origin.onWrite = undefined
  await put('again', 'second').expect(204)
  // It knows the key, and answers as it would have the first time.
  origin.onWrite = status(204)
  expect(statusOf(await send().expect(204))).toBe('lockstep; fwd=method; fwd-status=204')
  expect(origin.writes[2]?.headers['idempotency-key']).toBe(
    origin.writes[0]?.headers['idempotency-key'],
  )
  expect((await get('again').expect(200)).text).toBe('second')
})

it('an error of the origin is shown with `exposeErrors`', async () => {
  const origin = await writing({ exposeErrors: true })
  origin.onWrite = (_request, response) => void response.writeHead(422).end('no such team')
  const { body } = await put('shown', 'bytes').expect(422)
  expect(body).toMatchObject({ originStatus: 422, originBody: 'no such team' })
  const many = await setMany([{ key: 'shown', value: 1 }]).expect(200)
  expect(many.body.results[0]).toEqual({
    key: 'shown',
    status: 'write-refused',
    detail: 'The origin answered 422.',
    originStatus: 422,
    originBody: 'no such team',
  })
})

it('a write that the origin applies late is never hidden by an older value', async () => {
  const origin = await writing({ timeoutMs: 400 })
  origin.values.set('late', 'old')
  await get('late').expect(200)
  origin.onWrite = silent
  await put('late', 'new').expect(503)
  expect((await get('late').expect(200)).text).toBe('old')
  origin.apply(origin.writes[0] as (typeof origin.writes)[0])
  const after = await get('late').expect(200)
  expect([after.text, statusOf(after)]).toEqual(['new', UNSTORED])
  harness.advance(APPLY_MS + 1)
  expect(statusOf(await get('late').expect(200))).toBe(`${UNSTORED}; stored`)
})

describe('a condition', () => {
  it('is compared before anything is sent', async () => {
    const origin = await writing()
    const { headers } = await put('compared', 'one').expect(201)
    const refused = await put('compared', 'two').set('if-match', '"1"').expect(412)
    expect(refused.headers.etag).toBe(headers.etag)
    await put('compared', 'two').set('if-none-match', '*').expect(412)
    await remove('compared').set('if-match', '"1"').expect(412)
    expect(origin.values.get('compared')).toBe('one')
    expect(origin.writes).toHaveLength(1)
    const etag = headers.etag as string
    await put('compared', 'two').set('if-match', etag).expect(204)
    await remove('compared').set('if-match', etag).expect(412)
    expect(origin.values.get('compared')).toBe('two')
  })

  it('loads what it is compared with', async () => {
    const origin = await writing()
    origin.values.set('loaded', 'old')
    await put('loaded', 'new').set('if-none-match', '*').expect(412)
    await put('not-there', 'new').set('if-match', '*').expect(412)
    await put('not-there', 'new').set('if-none-match', '*').expect(201)
    expect([...origin.values]).toEqual([
      ['loaded', 'old'],
      ['not-there', 'new'],
    ])
  })

  it('cannot be judged while the origin fails, or another write is under way', async () => {
    const origin = await writing()
    const { answer } = origin
    origin.answer = status(500)
    const { body } = await put('failing', 'new').set('if-none-match', '*').expect(502)
    expect(body).toMatchObject({ code: 'origin-failed', originStatus: 500 })
    origin.answer = answer
    origin.onWrite = status(500)
    await put('under-way', 'new').expect(503)
    const held = await put('under-way', 'new').set('if-none-match', '*').expect(503)
    expect(held.body.code).toBe('origin-unavailable')
    expect(origin.writes).toHaveLength(1)
  })

  it.each([
    ['If-Match', { etag: '"a"' }, { 'if-match': '"a"' }],
    ['If-Unmodified-Since', { etag: 'W/"a"' }, { 'if-unmodified-since': DATE }],
  ])(
    'reaches the origin as %s where the value was loaded with its validator',
    async (name, sent, passed) => {
      const origin = await writing()
      const { answer } = origin
      const key = `forwarded ${name}`
      origin.values.set(key, 'old')
      origin.answer = (request, response) => {
        for (const [header, value] of Object.entries({ ...sent, 'last-modified': DATE })) {
          response.setHeader(header, value)
        }
        answer(request, response)
      }
      const etag = (await get(key).expect(200)).headers.etag as string
      origin.onWrite = status(412)
      const { body } = await put(key, 'new').set('if-match', etag).expect(412)
      expect(body).toMatchObject({
        code: 'precondition-failed',
        detail: 'The origin has another value.',
      })
      expect(origin.writes[0]?.headers).toMatchObject(passed)
      expect((await put(key, 'new').expect(422)).body.originStatus).toBe(412)
      for (const header of Object.keys(passed)) {
        expect(origin.writes[1]?.headers).not.toHaveProperty(header)
      }
      origin.onWrite = undefined
      const again = await setMany([{ key, value: 1, ifMatch: etag }]).expect(200)
      expect(again.body.results[0].status).toBe('replaced')
      await put(key, 'new').set('if-match', again.body.results[0].etag).expect(204)
      // What was written has no validator of the origin.
      expect(Object.keys(origin.writes.at(-1)?.headers ?? {})).not.toContain('if-match')
    },
  )

  it('gets or sets in one step', async () => {
    const origin = await writing()
    const getOrSet = (key: string) =>
      put(key, 'mine').set('if-none-match', '*').set('prefer', 'return=representation')
    origin.values.set('there', 'theirs')
    expect((await getOrSet('there').expect(200)).text).toBe('theirs')
    await getOrSet('nothing').expect(201)
    await remove('nothing').expect(204)
    await getOrSet('nothing').expect(201)
  })
})

describe('an Idempotency-Key', () => {
  const once = (key: string, value: string, id: string) =>
    put(key, value).set('idempotency-key', id)

  it('makes a repeat harmless after another write', async () => {
    const origin = await writing()
    const first = await once('repeat', 'first', 'a').expect(201)
    await put('repeat', 'second').expect(204)
    const repeat = await once('repeat', 'first', 'a').expect(201)
    expect(repeat.headers).toMatchObject({
      etag: first.headers.etag,
      'idempotent-replayed': 'true',
    })
    expect(repeat.headers).not.toHaveProperty('cache-status')
    expect(origin.values.get('repeat')).toBe('second')
    const { body } = await once('repeat', 'third', 'a').expect(422)
    expect(body.code).toBe('idempotency-conflict')
  })

  it('is the same to the origin while the outcome is unknown', async () => {
    const origin = await writing()
    origin.onWrite = status(500)
    await once('unknown', 'value', 'b').expect(503)
    origin.onWrite = undefined
    await once('unknown', 'value', 'b').expect(201)
    const ids = origin.writes.map(({ headers }) => [
      headers['idempotency-key'],
      headers['lockstep-version'],
    ])
    expect(ids[0]).toEqual(ids[1])
  })
})

describe('a batch', () => {
  it('of writes has a result for each', async () => {
    const origin = await writing({ maxConcurrent: 2 })
    const { headers } = await put('there', 'old').expect(201)
    origin.onWrite = (request, response) => {
      const code = { refused: 409, unknown: 500 }[origin.writes.at(-1)?.key ?? '']
      if (code === undefined) origin.apply(origin.writes.at(-1) as never)
      void response.writeHead(code ?? 201).end(String(request.method))
    }
    const { body } = await setMany([
      { key: 'new', value: 'x', encoding: 'text' },
      { key: 'there', value: 'y', encoding: 'text', ifMatch: headers.etag },
      { key: 'refused', value: 1 },
      { key: 'unknown', value: 1 },
      { key: 'there', value: 'z', encoding: 'text', ifNoneMatch: '*' },
      { key: 'filled', value: 1, leaseToken: 'token-of-a-caller.1' },
      { key: 'absent', negative: true },
    ]).expect(200)
    expect(body.results.map(({ status: one }: { status: string }) => one)).toEqual([
      'created',
      'created',
      'write-refused',
      'outcome-unknown',
      'precondition-failed',
      'origin-owned',
      'origin-owned',
    ])
    expect([...origin.values]).toEqual([
      ['there', 'y'],
      ['new', 'x'],
    ])
    const { body: read } = await getMany(['new', 'there']).expect(200)
    expect(read.results.map(({ value }: { value: string }) => value)).toEqual(['x', 'y'])
  })

  it('writes one key in the order that it has', async () => {
    const origin = await writing()
    await setMany(['a', 'b', 'c'].map((value) => ({ key: 'same', value }))).expect(200)
    expect(origin.writes.map(({ body }) => body)).toEqual(['"a"', '"b"', '"c"'])
    expect((await get('same').expect(200)).text).toBe('"c"')
    expect(loads(origin, 'same')).toBe(0)
  })

  it('of deletes has a result for each', async () => {
    const origin = await writing()
    await put('first', 'old').expect(201)
    origin.onWrite = (_request, response) =>
      void response.writeHead(origin.writes.at(-1)?.key === 'refused' ? 409 : 204).end()
    const { body } = await removeMany(['first', 'refused']).expect(200)
    expect(body.results).toMatchObject([
      { key: 'first', status: 'deleted' },
      { key: 'refused', status: 'write-refused', originStatus: 409 },
    ])
    await get('first').expect(404)
  })

  it('names the key that no origin can hold', async () => {
    await writing()
    const { body } = await setMany([
      { key: 'a', value: 1 },
      { key: './b', value: 1 },
    ]).expect(400)
    expect(placeOf(body.errors[0])).toBe('body/entries/1/key')
    const removed = await removeMany(['./b']).expect(400)
    expect(placeOf(removed.body.errors[0])).toBe('body/keys/0')
  })
})

it('every other change is refused, and a touch is not', async () => {
  const origin = await writing()
  const changes = [
    incr('owned'),
    patch('owned', { set: { a: '1' } }),
    put('owned', 'x').set('lockstep-lease', 'token-of-a-caller.1'),
    put('owned', '').set('lockstep-negative', 'true'),
  ]
  for (const change of changes) expect((await change.expect(409)).body.code).toBe('origin-owned')
  const { body } = await harness
    .request('post', '/v1/cache-pipeline')
    .send({
      operations: [
        { op: 'put', space: SPACE, key: 'owned', value: 1 },
        { op: 'delete', space: SPACE, key: 'owned' },
        { op: 'incr', space: SPACE, key: 'owned' },
        { op: 'get', space: SPACE, key: 'owned' },
      ],
    })
    .expect(200)
  expect(body.results.map(({ status: one }: { status: string }) => one)).toEqual([
    'origin-owned',
    'origin-owned',
    'origin-owned',
    'cache-miss',
  ])
  await put('owned', 'x').expect(201)
  await harness
    .request('post', `${at('owned')}/touch`)
    .send({ ttlMs: 1_000 })
    .expect(204)
  await get('owned').query({ lease: true }).expect(400)
  await lease('owned', 'cancel', { token: 'token-of-a-caller.1' }).expect(200)
  expect(origin.writes).toHaveLength(1)
})

it('a fence is refused, which the origin does not compare', async () => {
  const origin = await writing()
  const fenced = { 'if-fence': 'lock=5' }
  for (const request of [put('fenced', 'v'), remove('fenced')]) {
    const { body } = await request.set(fenced).expect(400)
    expect(placeOf(body.errors[0])).toBe('header/if-fence')
  }
  const { body } = await setMany([{ key: 'fenced', value: 1, ifFence: 'lock=5' }]).expect(400)
  expect(placeOf(body.errors[0])).toBe('body/entries/0/ifFence')
  expect(origin.writes).toEqual([])
})

it('a space may write through without loading', async () => {
  const origin = await writing({ read: 'none' })
  origin.values.set('elsewhere', 'value')
  await get('elsewhere').expect(404)
  await get('elsewhere').query({ lease: true }).expect(400)
  const { body } = await put('elsewhere', 'x').set('if-none-match', '*').expect(400)
  expect(placeOf(body.errors[0])).toBe('header/if-none-match')
  const many = await setMany([{ key: 'elsewhere', value: 1, ifMatch: '"1"' }]).expect(200)
  expect(many.body.results[0].status).toBe('invalid-request')
  expect(origin.paths).toEqual([])
  await put('elsewhere', 'new').expect(204)
  expect(statusOf(await get('elsewhere').expect(200))).toMatch(HIT)
  expect((await getMany(['elsewhere', 'other']).expect(200)).body.results).toMatchObject([
    { status: 'hit' },
    { status: 'cache-miss' },
  ])
})

it('writes and deletes are counted by operation and outcome', async () => {
  const origin = await writing()
  const seen = async (labels: string) => {
    const { text } = await harness.request('get', '/metrics')
    const line = new RegExp(
      `^lockstep_cache_origin_requests_total{space="${SPACE}",${labels}} (\\d+)`,
      'm',
    )
    return Number(line.exec(text)?.[1] ?? 0)
  }
  const taken = 'operation="write",outcome="taken"'
  const refused = 'operation="delete",outcome="refused"'
  const before = [await seen(taken), await seen(refused)]
  await put('counted', 'x').expect(201)
  origin.onWrite = status(409)
  await remove('counted').expect(422)
  // A scrape may be a moment old.
  for (const [i, labels] of [taken, refused].entries()) {
    await until(labels, async () => (await seen(labels)) === (before[i] as number) + 1)
  }
})
