import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../src/streams/settings.js'
import { useHarness } from '../support/harness.js'
import { streamDriver } from './driver.js'

const harness = useHarness()
let streams = 0
const newStream = () => streamDriver(harness, `seen-${streams++}`)

describe('GET of a stream', () => {
  it('shows settings, and what it holds', async () => {
    const stream = newStream()
    const ids = await stream.appendData('a', 'b', 'c')
    await harness.request('delete', `${stream.at}/entries/${ids[1]}`).expect(204)
    const before = await harness.request('get', stream.at).expect(200)
    expect(before.headers).not.toHaveProperty('etag')
    const content = {
      length: 2,
      // Two bytes, `e` and the JSON text of each.
      bytes: 12,
      appended: 3,
      oldest: ids[0],
      newest: ids[2],
      groups: [],
    }
    expect(before.body).toEqual({
      name: stream.at.split('/').at(-1),
      ...DEFAULT_SETTINGS,
      ...content,
    })
    const { body, headers } = await stream.put({ maxAgeMs: 3_600_000 }).expect(201)
    const after = await harness.request('get', stream.at).expect(200)
    expect(after.body).toEqual({ ...body, ...content })
    expect(after.headers.etag).toBe(headers.etag)
  })

  it('is 404 for a stream that has neither settings nor entries', async () => {
    const stream = newStream()
    const { body } = await harness.request('get', stream.at).expect(404)
    expect(body.code).toBe('stream-not-found')
    await stream.put({}).expect(201)
    expect((await harness.request('get', stream.at).expect(200)).body).toMatchObject({
      length: 0,
      bytes: 0,
      appended: 0,
    })
  })
})

describe('the list of streams', () => {
  const list = async (query: object) => {
    const { body } = await harness.request('get', '/v1/streams').query(query).expect(200)
    return { ...body, names: body.items.map(({ name }: { name: string }) => name) }
  }

  it('has those with settings and those with entries, by name', async () => {
    await streamDriver(harness, 'list-b').put({}).expect(201)
    await streamDriver(harness, 'list-c').appendData(1, 2)
    await streamDriver(harness, 'list-a').appendData(1)
    await streamDriver(harness, 'list-a').put({}).expect(201)

    const { items, names, nextCursor } = await list({ prefix: 'list-' })

    expect(names).toEqual(['list-a', 'list-b', 'list-c'])
    expect(items.map(({ length }: { length: number }) => length)).toEqual([1, 0, 2])
    expect(nextCursor).toBeUndefined()
    const first = await list({ prefix: 'list-', limit: 2 })
    expect(first.names).toEqual(['list-a', 'list-b'])
    const rest = await list({ prefix: 'list-', limit: 2, cursor: first.nextCursor })
    expect([rest.names, rest.nextCursor]).toEqual([['list-c'], undefined])
    expect((await list({})).names).toEqual(expect.arrayContaining(names))
  })

  it('lacks streams that were deleted', async () => {
    const stream = streamDriver(harness, 'lost-a')
    await stream.appendData(1)
    await harness.request('delete', stream.at).expect(204)
    expect((await list({ prefix: 'lost-' })).names).toEqual([])
    await stream.appendData(1)
    expect((await list({ prefix: 'lost-' })).names).toEqual(['lost-a'])
  })

  it('unlists names that nobody uses any more', async () => {
    const stream = streamDriver(harness, 'unused')
    await stream.appendData(1)
    const names = `ls:{${harness.namespace}:policies}:streams`
    await harness.request('delete', stream.at).expect(204)
    await list({ prefix: 'unused' })
    expect(await harness.redis.zscore(names, 'unused')).toBe('0')
    harness.advance(2 * 86_400_000)
    await list({ prefix: 'unused' })
    expect(await harness.redis.zscore(names, 'unused')).toBeNull()
    expect(await harness.redis.zscore(`${names}:seen`, 'unused')).toBeNull()
  })

  it.each([
    [{ limit: 0 }, '/limit'],
    [{ limit: 1_001 }, '/limit'],
    [{ cursor: 'x' }, '/cursor'],
    [{ order: 'asc' }, '/order'],
  ])('refuses %j', async (query, pointer) => {
    const { body } = await harness.request('get', '/v1/streams').query(query).expect(400)
    expect(body.errors[0]).toMatchObject({ in: 'query', pointer })
  })
})

describe('DELETE of a stream', () => {
  it('removes settings and entries, and positions in it are lost', async () => {
    const stream = newStream()
    await stream.put({ capacity: 9 }).expect(201)
    const [first] = await stream.appendData(1, 2)

    await harness.request('delete', stream.at).expect(204)

    await harness.request('get', stream.at).expect(404)
    expect(await stream.data()).toEqual([])
    expect((await stream.get({ after: first }).expect(410)).body).toMatchObject({ missed: 1 })
    await harness.request('delete', stream.at).expect(204)
    await stream.appendData(3)
    expect((await harness.request('get', stream.at).expect(200)).body).toMatchObject({
      capacity: DEFAULT_SETTINGS.capacity,
      length: 1,
      appended: 3,
    })
  })

  it('keeps the entries where If-Match does not hold', async () => {
    const stream = newStream()
    await stream.put({}).expect(201)
    await stream.appendData(1)
    await harness.request('delete', stream.at).set('if-match', '"1"').expect(412)
    expect(await stream.data()).toEqual([1])
  })
})
