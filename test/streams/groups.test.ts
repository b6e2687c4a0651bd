import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { streamDriver } from './driver.js'
import { testStream } from './stores.js'

const harness = useHarness()
let streams = 0
const newStream = () => streamDriver(harness, `grouped-${streams++}`)

const EMPTY = {
  visibilityMs: 30_000,
  maxFailures: 5,
  leased: 0,
  ready: 0,
  trimmedUnread: 0,
  dropped: 0,
  dead: 0,
}

describe('PUT of a group', () => {
  it('makes it at the end of the stream, with defaults', async () => {
    const stream = newStream()
    const ids = await stream.appendData(1, 2)
    const { body } = await stream.group('billing').put().expect(201)
    expect(body).toEqual({ name: 'billing', ...EMPTY, position: ids[1], lag: 0 })
    await stream.appendData(3)
    expect((await stream.group('billing').get().expect(200)).body).toEqual({ ...body, lag: 1 })
  })

  it('changes its settings and leaves it where it is', async () => {
    const stream = newStream()
    const group = stream.group('g')
    await group.put({ start: 'start' }).expect(201)
    await stream.appendData(1)
    const changed = await group.put({ visibilityMs: 1_000, start: 'end' }).expect(200)
    expect(changed.body).toMatchObject({ visibilityMs: 1_000, maxFailures: 5, lag: 1 })
    const failures = await group.put({ visibilityMs: 1_000, maxFailures: 0 }).expect(200)
    expect(failures.body).toMatchObject({ visibilityMs: 1_000, maxFailures: 0, lag: 1 })
    expect((await group.put({ visibilityMs: 1_000, maxFailures: 0 }).expect(200)).body).toEqual(
      failures.body,
    )
    expect((await group.get()).body).toEqual(failures.body)
  })

  it('begins at any place', async () => {
    const stream = newStream()
    const ids = await stream.appendData(1)
    harness.advance(60_000)
    ids.push(...(await stream.appendData(2)))
    harness.advance(60_000)
    ids.push(...(await stream.appendData(3)))
    const at = (id: string, afterMs = 0) =>
      `at:${new Date(Number(id.split('-')[0]) + afterMs).toISOString()}`
    const places = {
      start: '0-0',
      end: ids[2],
      [ids[0]!]: ids[0],
      [at(ids[1]!)]: ids[0],
      [at(ids[1]!, 1)]: ids[1],
      'at:1970-01-01T00:00:00Z': '0-0',
      'at:2100-01-01T00:00:00Z': ids[2],
    }
    for (const [at, [start, position]] of Object.entries(places).entries()) {
      const { body } = await stream.group(`g${at}`).put({ start }).expect(201)
      expect(body.position, start).toBe(position)
    }
  })

  it('begins with the oldest entry that is there, and counts none before it', async () => {
    const stream = newStream()
    await stream.put({ capacity: 2 }).expect(201)
    const ids = await stream.appendData(1, 2, 3, 4)
    for (const start of ['start', 'at:1970-01-01T00:00:00Z']) {
      const { body } = await stream.group(start.slice(0, 2)).put({ start }).expect(201)
      expect(body).toMatchObject({ position: ids[1], lag: 2, trimmedUnread: 0 })
    }
  })

  it('refuses a place after which entries were dropped', async () => {
    const stream = newStream()
    await stream.put({ capacity: 1 }).expect(201)
    const ids = await stream.appendData(1, 2, 3)
    const { body } = await stream.group('g').put({ start: ids[0] }).expect(410)
    expect(body).toMatchObject({
      code: 'position-lost',
      missed: 1,
      oldest: ids[2],
      newest: ids[2],
    })
    await stream.group('g').get().expect(404)
    await stream.group('g').put({ start: '9999999999999-9' }).expect(410)
  })

  it('makes a stream that has no entries', async () => {
    const stream = newStream()
    await stream.group('g').put().expect(201)
    const { body } = await harness.request('get', stream.at).expect(200)
    expect(body).toMatchObject({ length: 0, appended: 0, groups: [{ name: 'g', position: '0-0' }] })
    const prefix = stream.at.split('/').at(-1)
    const list = await harness.request('get', '/v1/streams').query({ prefix }).expect(200)
    expect(list.body.items).toHaveLength(1)
  })

  it('refuses the 33rd of a stream', async () => {
    const stream = newStream()
    for (let at = 0; at < 32; at++) await stream.group(`g${at}`).put().expect(201)
    const { body } = await stream.group('more').put().expect(429)
    expect(body.code).toBe('too-many-groups')
    await stream.group('g7').put({ maxFailures: 1 }).expect(200)
    await stream.group('g7').remove().expect(204)
    await stream.group('more').put().expect(201)
  })

  it.each([
    [{ start: 'first' }, '/start'],
    [{ start: 'at:2026-99-99T00:00:00Z' }, '/start'],
    [{ visibilityMs: 999 }, '/visibilityMs'],
    [{ visibilityMs: 43_200_001 }, '/visibilityMs'],
    [{ maxFailures: 101 }, '/maxFailures'],
    [{ backoff: {} }, '/backoff'],
  ])('refuses %j', async (settings, pointer) => {
    const { body } = await newStream().group('g').put(settings).expect(400)
    expect(body.errors[0]).toMatchObject({ in: 'body', pointer })
  })
})

describe('a group', () => {
  it('is shown with its stream, by name, and alone', async () => {
    const stream = newStream()
    const b = (await stream.group('b').put()).body
    const a = (await stream.group('a').put({ maxFailures: 0 })).body
    expect((await harness.request('get', `${stream.at}/groups`).expect(200)).body).toEqual({
      items: [a, b],
    })
    expect((await harness.request('get', stream.at).expect(200)).body.groups).toEqual([a, b])
    const { body } = await stream.group('c').get().expect(404)
    expect(body.code).toBe('group-not-found')
  })

  it('counts what was dropped before it got it', async () => {
    const stream = newStream()
    await stream.put({ capacity: 2 }).expect(201)
    await stream.group('g').put().expect(201)
    const ids = await stream.appendData(1, 2, 3, 4, 5)
    const { body } = await stream.group('g').get().expect(200)
    expect(body).toMatchObject({ position: ids[2], lag: 2, trimmedUnread: 3 })
    // A look changes nothing.
    expect((await stream.group('g').get()).body).toEqual(body)
  })

  it('counts what is too old', async () => {
    const stream = newStream()
    await stream.put({ maxAgeMs: 60_000 }).expect(201)
    await stream.group('g').put().expect(201)
    await stream.appendData(1, 2)
    harness.advance(60_000)
    expect((await stream.group('g').get()).body).toMatchObject({ lag: 0, trimmedUnread: 2 })
  })

  it('is deleted alone, and with its stream', async () => {
    const stream = newStream()
    await stream.appendData(1)
    await stream.group('a').put().expect(201)
    await stream.group('b').put().expect(201)
    await stream.group('a').remove().expect(204)
    await stream.group('a').remove().expect(204)
    await stream.group('a').get().expect(404)
    expect(await stream.data()).toEqual([1])
    await harness.request('delete', stream.at).expect(204)
    await stream.group('b').get().expect(404)
    await harness.request('get', stream.at).expect(404)
  })

  it('is deleted with a stream that has no entries', async () => {
    const stream = newStream()
    await stream.group('g').put().expect(201)
    await harness.request('delete', stream.at).expect(204)
    await stream.group('g').get().expect(404)
    await harness.request('get', stream.at).expect(404)
  })
})

describe('seek', () => {
  it('moves a group to a place', async () => {
    const stream = newStream()
    const ids = await stream.appendData(1, 2, 3)
    await stream.group('g').put().expect(201)
    const seek = (to: string) => stream.group('g').post('seek', { to })
    expect((await seek('start').expect(200)).body).toMatchObject({ position: '0-0', lag: 3 })
    expect((await seek(ids[1]!).expect(200)).body).toMatchObject({ position: ids[1], lag: 1 })
    expect((await stream.group('g').get()).body).toMatchObject({ position: ids[1], lag: 1 })
    expect((await seek('end').expect(200)).body).toMatchObject({ position: ids[2], lag: 0 })
    expect((await seek('at:1970-01-01T00:00:00Z')).body).toMatchObject({ lag: 3 })
  })

  it('refuses a place after which entries were dropped, and an unknown group', async () => {
    const stream = newStream()
    await stream.put({ capacity: 1 }).expect(201)
    const ids = await stream.appendData(1, 2, 3)
    await stream.group('g').put().expect(201)
    const lost = await stream.group('g').post('seek', { to: ids[0] }).expect(410)
    expect(lost.body).toMatchObject({ code: 'position-lost', missed: 1, oldest: ids[2] })
    expect((await stream.group('g').get()).body).toMatchObject({ position: ids[2] })
    const unknown = await stream.group('h').post('seek', { to: 'end' }).expect(404)
    expect(unknown.body.code).toBe('group-not-found')
  })

  it.each([[{}], [{ to: 'middle' }], [{ to: 'at:2026-99-99T00:00:00Z' }]])(
    'refuses %j',
    async (body) => {
      const refused = await newStream().group('g').post('seek', body).expect(400)
      expect(refused.body.errors[0]).toMatchObject({ in: 'body', pointer: '/to' })
    },
  )
})

describe('the keys of a stream', () => {
  const ttls = (stream: ReturnType<typeof testStream>, ...parts: string[]) =>
    Promise.all(parts.map((part) => harness.redis.pttl(stream.key(part))))

  it('do not end while it has a group', async () => {
    const stream = testStream(harness, { maxAgeMs: 600_000 })
    await stream.append('a')
    await stream.putGroup('g')
    await stream.putGroup('h')
    expect(await ttls(stream, 'meta', 'log', 'groups')).toEqual([-1, -1, -1])
    await stream.append('b')
    expect(await ttls(stream, 'meta', 'log')).toEqual([-1, -1])
    await stream.groups.remove(stream.stream, 'g')
    expect(await ttls(stream, 'meta', 'log')).toEqual([-1, -1])
    await stream.groups.remove(stream.stream, 'h')
    const [numbers, entries] = (await ttls(stream, 'meta', 'log')) as [number, number]
    expect(entries).toBeGreaterThan(500_000)
    expect(entries).toBeLessThanOrEqual(600_000)
    expect(numbers).toBeGreaterThan(7 * 86_400_000)
  })

  it('stay without an age when the last group is deleted', async () => {
    const stream = testStream(harness)
    await stream.append('a')
    await stream.putGroup('g')
    await stream.groups.remove(stream.stream, 'g')
    expect(await ttls(stream, 'meta', 'log')).toEqual([-1, -1])
  })

  it('keep the number of a deleted stream for its groups, and for a week after them', async () => {
    const stream = testStream(harness)
    await stream.append('a')
    await stream.remove()
    await stream.putGroup('g')
    expect(await ttls(stream, 'meta')).toEqual([-1])
    await stream.groups.remove(stream.stream, 'g')
    const [meta] = await ttls(stream, 'meta')
    expect(meta).toBeGreaterThan(6.9 * 86_400_000)
    expect(meta).toBeLessThanOrEqual(7 * 86_400_000)
  })

  it('are gone after a DELETE, but for its number', async () => {
    const stream = testStream(harness)
    await stream.append('a')
    await stream.putGroup('g')
    await stream.remove()
    expect(await stream.keys()).toEqual(['meta'])
  })
})
