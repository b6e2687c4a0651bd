import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'

const harness = useHarness({ configFile: 'spaces: { filed: { ttlMs: 70000 } }' })
const other = useHarness()

const at = (space: string) => `/v1/cache-spaces/${space}`
const put = (space: string, body: object) => harness.request('put', at(space)).send(body)
const patch = (space: string, body: object) => harness.request('patch', at(space)).send(body)
const value = (space: string, key: string) => `/v1/cache/${space}/${key}`
const meta = async (space: string, key: string) =>
  (await harness.request('get', `${value(space, key)}/meta`).expect(200)).body

describe('a space', () => {
  it('is created, read, changed, listed and removed', async () => {
    const created = await put('users', { ttlMs: 60_000, l1: { eviction: 'lfu' } }).expect(201)
    expect(created.body).toEqual({
      name: 'users',
      ttlMs: 60_000,
      staleMs: 0,
      errorMs: 0,
      negativeTtlMs: 60_000,
      idleMs: 0,
      jitter: 0.1,
      leaseMs: 10_000,
      maxLeaseMs: 60_000,
      earlyRefreshBeta: 1,
      maxValueBytes: 1_048_576,
      requirePrecondition: false,
      l1: {
        enabled: true,
        eviction: 'lfu',
        maxEntries: 10_000,
        maxBytes: 67_108_864,
        ttlMs: 60_000,
        outageMs: 0,
      },
      version: expect.any(Number),
      source: 'api',
    })
    const read = await harness.request('get', at('users')).expect(200)
    const usage = { hits: 0, stale: 0, negative: 0, misses: 0, fills: 0, l1Bytes: 0 }
    expect(read.body).toEqual({ ...created.body, usage })
    expect(read.headers.etag).toBe(created.headers.etag)

    const changed = await put('users', { ttlMs: 61_000 }).expect(200)
    expect(changed.body).toMatchObject({ ttlMs: 61_000, l1: { enabled: false } })
    const { body } = await harness.request('get', '/v1/cache-spaces').expect(200)
    expect(body).not.toHaveProperty('nextCursor')
    expect(body.items.map(({ name, source }: Record<string, string>) => [name, source])).toEqual([
      ['filed', 'file'],
      ['users', 'api'],
    ])
    await harness.request('delete', at('users')).expect(204)
    await harness.request('delete', at('users')).expect(204)
    const gone = await harness.request('get', at('users')).expect(404)
    expect(gone.body.code).toBe('space-not-found')
  })

  it('changes some settings and keeps the others', async () => {
    const { body: before } = await put('part', { ttlMs: 5_000, l1: { maxEntries: 7 } }).expect(201)
    const patched = await patch('part', { staleMs: 9_000 }).expect(200)
    expect(patched.body).toEqual({ ...before, staleMs: 9_000, version: expect.any(Number) })
    const read = await harness.request('get', at('part')).expect(200)
    expect(read.body).toMatchObject(patched.body)
    expect(read.headers.etag).toBe(patched.headers.etag)

    const { headers } = patched
    await patch('part', { ttlMs: 1 }).set('if-match', '"1"').expect(412)
    const own = patch('part', { l1: { enabled: false } }).set('if-match', headers.etag as string)
    expect((await own.expect(200)).body).toMatchObject({
      ttlMs: 5_000,
      l1: { enabled: false, maxEntries: 10_000 },
    })
    const absent = await patch('never', { ttlMs: 1 }).expect(404)
    expect(absent.body.code).toBe('space-not-found')
    expect((await patch('filed', { ttlMs: 1 }).expect(409)).body.code).toBe('in-config-file')
  })

  it('lists by prefix, page by page', async () => {
    for (const name of ['page-c', 'page-a', 'page-b']) await put(name, {}).expect(201)
    const page = async (query: object) => {
      const { body } = await harness.request('get', '/v1/cache-spaces').query(query).expect(200)
      return { ...body, items: body.items.map(({ name }: { name: string }) => name) }
    }
    const first = await page({ prefix: 'page-', limit: 2 })
    expect(first).toEqual({ items: ['page-a', 'page-b'], nextCursor: expect.any(String) })
    expect(await page({ prefix: 'page-', limit: 2, cursor: first.nextCursor })).toEqual({
      items: ['page-c'],
    })
    expect(await page({ prefix: 'page-', limit: 3 })).toEqual({
      items: ['page-a', 'page-b', 'page-c'],
    })
    expect(await page({ prefix: 'none-' })).toEqual({ items: [] })
  })

  it.each([
    [{ limit: 0 }, 'limit'],
    [{ limit: 1_001 }, 'limit'],
    [{ cursor: '' }, 'cursor'],
    [{ cursor: '!' }, 'cursor'],
    [{ prefix: 'page-', cursor: Buffer.from('other').toString('base64url') }, 'cursor'],
    [{ unknown: 1 }, 'unknown'],
  ])('refuses the page %j', async (query, field) => {
    const { body } = await harness.request('get', '/v1/cache-spaces').query(query).expect(400)
    expect(placeOf(body.errors[0])).toContain(field)
  })

  it('changes only in the version the caller saw', async () => {
    const { headers } = await put('cas', {}).expect(201)
    await put('cas', { ttlMs: 2 }).set('if-none-match', '*').expect(412)
    await put('cas', { ttlMs: 2 }).set('if-match', '"1"').expect(412)
    await put('cas', { ttlMs: 2 })
      .set('if-match', headers.etag as string)
      .expect(200)
    await harness
      .request('delete', at('cas'))
      .set('if-match', headers.etag as string)
      .expect(412)
  })

  it('of the file wins, and follows it', async () => {
    expect((await put('filed', {}).expect(409)).body.code).toBe('in-config-file')
    await harness.request('delete', at('filed')).expect(409)
    await harness.request('put', value('filed', 'a')).send('x').expect(201)
    expect((await meta('filed', 'a')).expiresInMs).toBeLessThanOrEqual(70_000)
    harness.reload('spaces: { filed: { ttlMs: 100000, jitter: 0 } }')
    await harness.request('put', value('filed', 'a')).send('x').expect(204)
    expect((await meta('filed', 'a')).expiresInMs).toBeGreaterThan(70_000)
  })

  it.each([
    [{ ttlMs: 0 }, '/ttlMs'],
    [{ jitter: 1.5 }, '/jitter'],
    [{ maxValueBytes: 9_000_000 }, '/maxValueBytes'],
    [{ l1: 'off' }, '/l1'],
    [{ l1: { enabled: 'yes' } }, '/l1'],
    [{ l1: { eviction: 'fifo' } }, '/l1'],
    [{ l1: { unknown: 1 } }, '/l1'],
    [{ origin: {} }, '/origin'],
  ])('refuses %j', async (body, where) => {
    for (const refused of [put('bad', body), patch('bad', body)]) {
      const { errors } = (await refused.expect(400)).body
      expect(placeOf(errors[0])).toContain(where)
    }
  })

  it('has no name that is empty', async () => {
    for (const method of ['get', 'put', 'patch', 'delete'] as const) {
      const { body } = await harness.request(method, at('')).send({ ttlMs: 1 }).expect(400)
      expect(placeOf(body.errors[0])).toContain('space')
    }
  })

  it('refuses a PATCH of nothing', async () => {
    const { body } = await patch('filed', {}).expect(400)
    expect(body.code).toBe('invalid-request')
    await harness.request('patch', at('filed')).expect(400)
  })

  it('holds at once here, and soon in another process', async () => {
    await other.request('get', value('soon', 'a')).set('lockstep-namespace', harness.namespace)
    await put('soon', { ttlMs: 50_000, jitter: 0 }).expect(201)
    await harness.request('put', value('soon', 'a')).send('x').expect(201)
    expect((await meta('soon', 'a')).expiresInMs).toBeLessThanOrEqual(50_000)
    const there = async () => {
      await other
        .request('put', value('soon', 'b'))
        .set('lockstep-namespace', harness.namespace)
        .send('x')
      return (await meta('soon', 'b')).expiresInMs
    }
    await expect.poll(there).toBeLessThanOrEqual(50_000)
  })
})

describe('a policy', () => {
  it('gives its life to bytes, counters and objects that do not say theirs', async () => {
    await put('life', { ttlMs: 200_000, staleMs: 100_000, jitter: 0 }).expect(201)
    await harness.request('put', value('life', 'a')).send('x').expect(201)
    const { expiresInMs, staleExpiresInMs } = await meta('life', 'a')
    expect(expiresInMs).toBeGreaterThan(150_000)
    expect(expiresInMs).toBeLessThanOrEqual(200_000)
    expect(staleExpiresInMs - expiresInMs).toBe(100_000)
    await harness.request('post', `${value('life', 'c')}/incr`).expect(200)
    expect((await meta('life', 'c')).expiresInMs).toBeLessThanOrEqual(200_000)
    await harness.request('patch', `${value('life', 'o')}/fields`).send({ set: { a: '1' } })
    expect((await meta('life', 'o')).expiresInMs).toBeLessThanOrEqual(200_000)
  })

  it('bounds the size of a value', async () => {
    await put('small', { maxValueBytes: 4 }).expect(201)
    await harness.request('put', value('small', 'a')).send('12345').expect(413)
    await harness.request('put', value('small', 'a')).send('1234').expect(201)
    const patched = harness.request('patch', `${value('small', 'o')}/fields`)
    await patched.send({ set: { ab: '123' } }).expect(413)
    const { body } = await harness
      .request('post', '/v1/cache/small/set-many')
      .send({ entries: [{ key: 'b', value: '12345', encoding: 'text' }] })
    expect(body.results[0].status).toBe('too-large')
  })

  it('demands conditions', async () => {
    await put('careful', { requirePrecondition: true }).expect(201)
    const { body } = await harness.request('put', value('careful', 'a')).send('x').expect(428)
    expect(body.code).toBe('precondition-required')
    const { headers } = await harness
      .request('put', value('careful', 'a'))
      .set('if-none-match', '*')
      .send('x')
      .expect(201)
    await harness
      .request('put', value('careful', 'a'))
      .set('if-match', headers.etag as string)
      .send('y')
      .expect(204)
    const many = await harness.request('post', '/v1/cache/careful/set-many').send({
      entries: [
        { key: 'b', value: 1 },
        { key: 'c', value: 1, ifNoneMatch: '*' },
      ],
    })
    expect(many.body.results.map(({ status }: { status: string }) => status)).toEqual([
      'precondition-required',
      'created',
    ])
  })

  it('ends what is not used', async () => {
    await put('idle', { ttlMs: 600_000, idleMs: 60_000 }).expect(201)
    for (const key of ['used', 'many', 'unused']) {
      await harness.request('put', value('idle', key)).send('x')
    }
    await harness.request('post', `${value('idle', 'counter')}/incr`).expect(200)
    const fields = `${value('idle', 'object')}/fields`
    await harness
      .request('patch', fields)
      .send({ set: { a: '1' } })
      .expect(200)
    for (const _ of [1, 2]) {
      harness.advance(40_000)
      await harness.request('get', value('idle', 'used')).expect(200)
      const many = harness.request('post', '/v1/cache/idle/get-many')
      expect((await many.send({ keys: ['many'] })).body.results[0].status).toBe('hit')
      await harness.request('get', `${value('idle', 'counter')}/counter`).expect(200)
      await harness.request('get', fields).expect(200)
    }
    await harness.request('get', value('idle', 'unused')).expect(404)
  })
})
