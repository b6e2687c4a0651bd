import { describe, expect, it } from 'vitest'
import { DEFAULT_L1, DEFAULT_POLICY } from '../../src/cache/spaces/policy.js'
import { DEFAULT_SETTINGS } from '../../src/queues/settings.js'
import { useHarness } from '../support/harness.js'

const harness = useHarness()
/** An instance that learns of changes from Redis. */
const other = useHarness()

interface Kind {
  readonly path: string
  readonly missing: string
  /** Settings of a PUT, and what it leaves to the defaults. */
  readonly settings: object
  readonly defaults: object
  /** One changed setting. */
  readonly change: object
}

/** Everything that is configured by name obeys one contract. */
const KINDS: [what: string, kind: Kind][] = [
  [
    'a cache space',
    {
      path: '/v1/cache-spaces',
      missing: 'space-not-found',
      settings: { ttlMs: 5_000, staleMs: 1_000 },
      defaults: { l1: DEFAULT_POLICY.l1 },
      change: { staleMs: 2_000 },
    },
  ],
  [
    'a rate-limit policy',
    {
      path: '/v1/ratelimit-policies',
      missing: 'policy-not-found',
      settings: { algorithm: 'gcra', limit: 10, windowMs: 1_000, burst: 3, onError: 'open' },
      defaults: {},
      change: { onError: 'closed' },
    },
  ],
  [
    'a queue',
    {
      path: '/v1/queues',
      missing: 'queue-not-found',
      settings: { visibilityMs: 5_000, maxFailures: 3 },
      defaults: { backoff: DEFAULT_SETTINGS.backoff, paused: false },
      change: { maxFailures: 0 },
    },
  ],
  [
    'a stream',
    {
      path: '/v1/streams',
      missing: 'stream-not-found',
      settings: { capacity: 5, maxAgeMs: 3_600_000 },
      defaults: { whenFull: 'trim' },
      change: { capacity: 6 },
    },
  ],
  [
    'a leaderboard',
    {
      path: '/v1/leaderboards',
      missing: 'board-not-found',
      settings: { ties: 'last', maxMembers: 9 },
      defaults: { ranking: 'competition' },
      change: { maxMembers: 8 },
    },
  ],
]

describe.each(KINDS)('%s', (_what, { path, missing, settings, defaults, change }) => {
  const at = (name: string) => `${path}/${name}`
  const put = (name: string, body: object = settings) => harness.request('put', at(name)).send(body)
  const patch = (name: string, body?: object) => harness.request('patch', at(name)).send(body)
  const get = (name: string) => harness.request('get', at(name))
  const remove = (name: string) => harness.request('delete', at(name))

  it('is answered whole, with its version as ETag, by PUT, PATCH and GET', async () => {
    const created = await put('whole').expect(201)
    expect(created.body).toMatchObject({ name: 'whole', source: 'api', ...settings, ...defaults })
    const replaced = await put('whole', { ...settings, ...change }).expect(200)
    expect(replaced.body.version).toBeGreaterThan(created.body.version)
    const patched = await patch('whole', settings).expect(200)
    const read = await get('whole').expect(200)

    expect(patched.body).toEqual({ ...created.body, version: patched.body.version })
    expect(read.body).toMatchObject(patched.body)
    expect(read.headers.etag).toBe(patched.headers.etag)
    const tags = [created, replaced, patched].map(({ headers }) => headers.etag)
    expect(new Set(tags).size).toBe(3)
    expect(JSON.stringify([created.body, patched.body, read.body])).not.toContain('null')
  })

  it('keeps its version when nothing changes', async () => {
    const { headers } = await put('same').expect(201)

    expect((await put('same').expect(200)).headers.etag).toBe(headers.etag)
    expect((await patch('same', settings).expect(200)).headers.etag).toBe(headers.etag)
  })

  it('loses every setting that PUT leaves out, and none that PATCH leaves out', async () => {
    const { body } = await put('part').expect(201)
    const patched = await patch('part', change).expect(200)
    expect(patched.body).toEqual({ ...body, ...change, version: patched.body.version })

    const replaced = await put('part').expect(200)
    expect(replaced.body).toEqual({ ...body, version: replaced.body.version })
  })

  it('is changed and deleted only in the version of If-Match', async () => {
    const { headers: old } = await put('matched').expect(201)
    const { headers: present } = await patch('matched', change).expect(200)

    for (const call of [put('matched'), patch('matched', settings), remove('matched')]) {
      expect((await call.set('if-match', old.etag!).expect(412)).body.code).toBe(
        'precondition-failed',
      )
    }
    for (const call of [put('matched'), patch('matched', settings), remove('matched')]) {
      await call.set('if-none-match', '*').expect(412)
    }
    for (const call of [put('matched'), patch('matched', settings), remove('matched')]) {
      const { body } = await call.set('if-match', 'nonsense').expect(400)
      expect(body.errors[0]).toMatchObject({ in: 'header', pointer: '/if-match' })
    }
    const { headers } = await patch('matched', settings).set('if-match', present.etag!).expect(200)
    await remove('matched').set('if-match', headers.etag!).expect(204)
    await remove('matched').set('if-match', '*').expect(412)
  })

  it('is nothing: 404 for GET and PATCH, 204 for DELETE', async () => {
    expect((await get('never').expect(404)).body.code).toBe(missing)
    expect((await patch('never', change).expect(404)).body.code).toBe(missing)
    const stale = await patch('never', change).set('if-match', '"1"').expect(404)
    expect(stale.body.code).toBe(missing)
    const { text } = await remove('never').expect(204)
    expect(text).toBe('')
    await get('never').expect(404)
  })

  it('refuses a PATCH of nothing, of null and of what is no setting', async () => {
    await put('refusing').expect(201)
    const [field] = Object.keys(change)

    for (const body of [undefined, {}]) {
      expect((await patch('refusing', body).expect(400)).body.errors).toEqual([
        { in: 'body', pointer: '', detail: 'must have at least one field' },
      ])
    }
    for (const [body, pointer] of [
      [{ [field!]: null }, `/${field}`],
      [{ name: 'other' }, '/name'],
      [{ version: 1 }, '/version'],
      [[change], ''],
    ] as const) {
      const refused = await patch('refusing', body as object).expect(400)
      expect(refused.body.errors[0]).toMatchObject({ in: 'body', pointer })
    }
    expect((await get('refusing')).body).toMatchObject(settings)
  })

  it('loses no change of two instances at once', async () => {
    await put('contended').expect(201)
    const changes = Object.entries({ ...settings, ...change }).map(([name, value]) => ({
      [name]: value,
    }))

    const answers = await Promise.all(
      changes.flatMap((one) => [
        patch('contended', one),
        other
          .request('patch', at('contended'))
          .set('lockstep-namespace', harness.namespace)
          .send(one),
      ]),
    )

    for (const { status } of answers) expect(status).toBe(200)
    expect((await get('contended')).body).toMatchObject({ ...settings, ...change })
  })

  it('is listed by prefix, page by page', async () => {
    for (const name of ['page-c', 'page-a', 'page-b']) await put(name).expect(201)
    const page = async (query: object) => {
      const { body } = await harness.request('get', path).query(query).expect(200)
      return { ...body, items: body.items.map(({ name }: { name: string }) => name) }
    }
    const first = await page({ prefix: 'page-', limit: 2 })
    expect(first).toEqual({ items: ['page-a', 'page-b'], nextCursor: expect.any(String) })
    const rest = await page({ prefix: 'page-', limit: 2, cursor: first.nextCursor })
    expect(rest).toEqual({ items: ['page-c'] })
    const { body } = await harness.request('get', path).query({ cursor: 'x' }).expect(400)
    expect(body.errors[0]).toMatchObject({ in: 'query', pointer: '/cursor' })
  })
})

it.each([
  [
    '/v1/cache-spaces/nested',
    { l1: { maxEntries: 7, ttlMs: 1_000 } },
    { l1: { maxEntries: 8 } },
    { l1: { ...DEFAULT_L1, maxEntries: 8 } },
  ],
  [
    '/v1/queues/nested',
    { backoff: { baseMs: 5, maxMs: 9 } },
    { backoff: { baseMs: 7 } },
    { backoff: { ...DEFAULT_SETTINGS.backoff, baseMs: 7 } },
  ],
  [
    '/v1/leaderboards/nested',
    { season: { every: 'daily', keep: 9 } },
    { season: { keep: 2 } },
    { season: { every: 'none', timeZone: 'UTC', keep: 2 } },
  ],
])(
  '%s: PATCH replaces a setting with fields of its own as a whole',
  async (path, before, sent, after) => {
    await harness.request('put', path).send(before).expect(201)

    const { body } = await harness.request('patch', path).send(sent).expect(200)

    expect(body).toMatchObject(after)
  },
)
