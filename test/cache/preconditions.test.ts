import { describe, expect, it } from 'vitest'
import { type Harness, useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { cacheDriver } from './driver.js'

const harness = useHarness()
const cache = cacheDriver(harness)
const { at } = cache

const OTHER = '"zz"'

interface Kind {
  readonly create: (key: string) => Promise<string>
  readonly read: (key: string) => ReturnType<Harness['request']>
  readonly change: (key: string) => ReturnType<Harness['request']>
}

const etagOf = async (request: ReturnType<Harness['request']>) =>
  (await request).headers.etag as string

const put = (key: string) => cache.put(key, 'value')
const incr = (key: string) => cache.incr(key)
const patch = (key: string) => cache.patch(key, { set: { a: '1' } })

const kinds: Record<string, Kind> = {
  'bytes, PUT': {
    create: (key) => etagOf(put(key)),
    read: (key) => harness.request('get', at(key)),
    change: put,
  },
  'metadata of bytes': {
    create: (key) => etagOf(put(key)),
    read: (key) => harness.request('get', `${at(key)}/meta`),
    change: put,
  },
  'metadata of a counter': {
    create: (key) => etagOf(incr(key)),
    read: (key) => harness.request('get', `${at(key)}/meta`),
    change: incr,
  },
  'bytes, DELETE': {
    create: (key) => etagOf(put(key)),
    read: (key) => harness.request('head', at(key)),
    change: (key) => harness.request('delete', at(key)),
  },
  'bytes, touch': {
    create: (key) => etagOf(put(key)),
    read: (key) => harness.request('get', at(key)),
    change: (key) => harness.request('post', `${at(key)}/touch`).send({}),
  },
  'a counter': {
    create: (key) => etagOf(incr(key)),
    read: (key) => harness.request('get', `${at(key)}/counter`),
    change: incr,
  },
  'an object': {
    create: (key) => etagOf(patch(key)),
    read: (key) => harness.request('get', `${at(key)}/fields`),
    change: patch,
  },
}

describe.each(Object.entries(kinds))('%s', (name, { create, read, change }) => {
  const key = (what: string) => `${name} ${what}`.replace(/\W/g, '-')
  const current = async (of: string) => (await read(of)).headers.etag
  const refused = async (request: ReturnType<Harness['request']>) => {
    const { status, body } = await request
    expect([status, body.code]).toEqual([412, 'precondition-failed'])
  }

  it('is changed only over a version that If-Match names', async () => {
    const etag = await create(key('match'))
    await refused(change(key('match')).set('if-match', OTHER))
    await refused(change(key('match')).set('if-match', `${OTHER}, "a,b", W/${etag}`))
    expect(await current(key('match'))).toBe(etag)
    const { status } = await change(key('match')).set('if-match', `${OTHER}, ${etag}`)
    expect(status).toBeLessThan(300)
  })

  it('is changed only over a version that If-None-Match does not name', async () => {
    const etag = await create(key('none'))
    for (const tags of ['*', etag, `${OTHER}, ${etag}`, `W/${etag}`]) {
      await refused(change(key('none')).set('if-none-match', tags))
    }
    expect(await current(key('none'))).toBe(etag)
    const { status } = await change(key('none')).set('if-none-match', OTHER)
    expect(status).toBeLessThan(300)
  })

  it('is read only in a version that If-Match names, and not again in one that the caller has', async () => {
    const etag = await create(key('read'))
    expect((await read(key('read')).set('if-match', `${OTHER}, ${etag}`)).status).toBe(200)
    expect((await read(key('read')).set('if-match', '*')).status).toBe(200)
    expect((await read(key('read')).set('if-match', OTHER)).status).toBe(412)
    for (const tags of ['*', `${OTHER}, ${etag}`, `W/${etag}`]) {
      const answer = await read(key('read')).set('if-none-match', tags)
      expect([answer.status, answer.headers.etag]).toEqual([304, etag])
    }
    expect((await read(key('read')).set('if-none-match', OTHER)).status).toBe(200)
  })

  it('fails If-Match where there is nothing', async () => {
    if (name === 'bytes, touch') {
      await change(key('absent')).set('if-match', '*').expect(404)
    } else {
      await refused(change(key('absent')).set('if-match', '*'))
      await refused(change(key('absent')).set('if-match', OTHER))
    }
    expect((await read(key('absent')).set('if-match', '*')).status).toBe(404)
    const begun = await change(key('absent')).set('if-none-match', '*')
    expect(begun.status).toBe(name === 'bytes, touch' ? 404 : begun.status)
    expect(begun.status).not.toBe(412)
  })

  it.each(['zz', '"a" "b"', '', ',', '"a", *', '"a'])('is 400 for %j', async (tags) => {
    await create(key('bad'))
    for (const header of ['if-match', 'if-none-match']) {
      const { status, body } = await change(key('bad')).set(header, tags)
      expect([status, placeOf(body.errors?.[0])]).toEqual([400, `header/${header}`])
    }
  })

  it('is 400 for both at once', async () => {
    const etag = await create(key('both'))
    await change(key('both')).set({ 'if-match': etag, 'if-none-match': OTHER }).expect(400)
  })
})

it('a repeat under an idempotency key does not check its condition again', async () => {
  const etag = await etagOf(incr('repeated'))
  const send = () =>
    incr('repeated').set({ 'if-match': etag, 'idempotency-key': 'once' }).expect(200)
  expect((await send()).body).toEqual({ value: '2' })
  const again = await send()
  expect([again.body, again.headers['idempotent-replayed']]).toEqual([{ value: '2' }, 'true'])
})

it('a negative entry has no version', async () => {
  const negative = () => harness.request('put', at('negative')).set('lockstep-negative', 'true')
  await negative().expect(201)
  await put('negative').set('if-match', '*').expect(412)
  await put('negative').set('if-none-match', '*').expect(201)
})

it.each([
  ['post', '/v1/cache/users/get-many', { keys: ['a'] }],
  ['post', '/v1/cache/users/set-many', { entries: [{ key: 'a', value: 1 }] }],
  ['post', '/v1/cache/users/delete-many', { keys: ['a'] }],
  ['post', '/v1/cache/users/invalidate', { all: true }],
  ['post', '/v1/cache-pipeline', { operations: [{ op: 'get', space: 'users', key: 'a' }] }],
  ['post', '/v1/cache/users/a/lease/cancel', { token: 'sixteen-chars-no.1' }],
  ['post', '/v1/cache/users/a/lease/renew', { token: 'sixteen-chars-no.1' }],
] as const)('%s %s refuses a condition rather than ignore it', async (method, path, body) => {
  for (const header of ['if-match', 'if-none-match']) {
    const answer = await harness.request(method, path).set(header, '*').send(body)
    expect([answer.status, placeOf(answer.body.errors?.[0])]).toEqual([400, `header/${header}`])
  }
})

describe('Cache-Control of a PUT', () => {
  const store = (key: string, directives: string) => put(key).set('cache-control', directives)
  const metaOf = async (key: string) =>
    (await harness.request('get', `${at(key)}/meta`).expect(200)).body

  it.each(['no-store', 'no-cache', 'private', 'max-stale=1', 'min-fresh=1', 'only-if-cached'])(
    'is 400 for %s, which could not be kept',
    async (directive) => {
      const { body } = await store('refused', `max-age=60, ${directive}`).expect(400)
      expect(placeOf(body.errors[0])).toBe('header/cache-control')
    },
  )

  it('prefers s-maxage, which is meant for shared caches', async () => {
    await store('shared', 'max-age=1, s-maxage=600').expect(201)
    expect((await metaOf('shared')).expiresInMs).toBeGreaterThan(500_000)
    await store('shared', 's-maxage=0').expect(400)
  })

  it.each(['must-revalidate', 'proxy-revalidate'])(
    '%s: is never served stale',
    async (directive) => {
      await store(directive, `max-age=60, stale-while-revalidate=600, ${directive}`).expect(201)
      const { expiresInMs, staleExpiresInMs } = await metaOf(directive)
      expect(staleExpiresInMs).toBe(expiresInMs)
    },
  )

  it('ignores directives that do not concern this cache', async () => {
    await store('public', 'public, immutable, no-transform, community="x", max-age=600').expect(201)
    expect((await metaOf('public')).expiresInMs).toBeGreaterThan(500_000)
  })
})
