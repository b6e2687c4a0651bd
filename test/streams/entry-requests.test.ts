import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { streamDriver } from './driver.js'

const harness = useHarness()
let streams = 0
const newStream = () => streamDriver(harness, `entries-${streams++}`)

it('answers 201 with an id for each entry', async () => {
  const stream = newStream()
  const { body } = await stream.append({ event: 'a', data: 1 }, { event: 'b', data: 2 }).expect(201)
  expect(body).toEqual({
    entries: [{ id: expect.stringMatching(/^\d{13}-1$/) }, { id: expect.stringMatching(/-2$/) }],
  })
})

it.each([
  ['an object', { data: { a: [1, null, 'ü'] } }],
  ['null', { data: null }],
  ['an empty string', { data: '' }],
  ['text', { data: 'line\n"quoted" \u2028 \u{1f600}', encoding: 'text' }],
  ['bytes', { data: Buffer.from([0, 255, 128]).toString('base64'), encoding: 'base64' }],
  ['no bytes', { data: '', encoding: 'base64' }],
])('gives back %s as it was sent', async (_what, sent) => {
  const stream = newStream()
  const event = `x${'._:@-'.repeat(25)}yz`
  const { body } = await stream.append({ event, ...sent }).expect(201)
  const { id } = body.entries[0]
  const page = await stream.get().expect(200)
  expect(page.body).toEqual({
    items: [
      {
        id,
        appendedAt: new Date(Number(id.split('-')[0])).toISOString(),
        event,
        encoding: 'json',
        ...sent,
      },
    ],
    lastId: id,
    missed: 0,
  })
  expect(page.headers['content-type']).toMatch(/^application\/json/)
})

describe('an Idempotency-Key', () => {
  it('appends nothing again, and answers the same', async () => {
    const stream = newStream()
    const append = (data: unknown) =>
      stream.append({ event: 'e', data }).set('idempotency-key', 'k')
    const first = await append({ a: 1, b: 2 }).expect(201)
    const second = await append({ b: 2, a: 1 }).expect(201)
    expect(second.body).toEqual(first.body)
    expect(first.headers).not.toHaveProperty('idempotent-replayed')
    expect(second.headers['idempotent-replayed']).toBe('true')
    expect(await stream.data()).toHaveLength(1)
    expect((await append(3).expect(422)).body.code).toBe('idempotency-conflict')
  })
})

describe('a full stream', () => {
  it('drops its oldest entries', async () => {
    const stream = newStream()
    await stream.put({ capacity: 2 }).expect(201)
    await stream.appendData(1, 2, 3)
    expect((await stream.get().expect(200)).body).toMatchObject({ items: [{}, {}], missed: 1 })
  })

  it('refuses, where it is told to, and says which bound', async () => {
    const stream = newStream()
    await stream.put({ capacity: 2, whenFull: 'refuse' }).expect(201)
    await stream.appendData(1)
    const refused = await stream
      .append({ event: 'e', data: 2 }, { event: 'e', data: 3 })
      .expect(429)
    expect(refused.body).toMatchObject({
      code: 'too-many-entries',
      limit: 'capacity',
      retryAfterMs: 1_000,
    })
    expect(refused.headers['retry-after']).toBe('1')
    expect(await stream.data()).toEqual([1])
  })

  it('counts bytes too', async () => {
    const stream = newStream()
    await stream
      .put({ maxBytes: 1_048_576, maxEntryBytes: 524_288, whenFull: 'refuse' })
      .expect(201)
    const entry = { event: 'e', data: 'x'.repeat(500_000), encoding: 'text' }
    await stream.append(entry, entry).expect(201)
    const refused = await stream.append(entry).expect(429)
    expect(refused.body).toMatchObject({ code: 'too-many-entries', limit: 'maxBytes' })
  })
})

describe('bytes', () => {
  it('of an entry are at most those that the stream allows', async () => {
    const stream = newStream()
    await stream.append({ event: 'e', data: 'x'.repeat(65_536), encoding: 'text' }).expect(201)
    const long = await stream.append({ event: 'e', data: 'x'.repeat(65_537), encoding: 'text' })
    expect(long.body).toMatchObject({ status: 413, code: 'too-large', maxEntryBytes: 65_536 })
  })

  it('of all entries of an append are at most 1 MiB, with the names of events', async () => {
    const stream = newStream()
    await stream.put({ maxEntryBytes: 524_288 }).expect(201)
    const half = (length: number) => ({ event: 'e', data: 'x'.repeat(length), encoding: 'text' })
    await stream.append(half(524_287), half(524_287)).expect(201)
    const refused = await stream.append(half(524_287), half(524_288)).expect(413)
    expect(refused.body).toMatchObject({ code: 'too-large', maxAppendBytes: 1_048_576 })
  })

  it('of an append in base64 fit into a request', async () => {
    const stream = newStream()
    await stream.put({ maxEntryBytes: 524_288 }).expect(201)
    const entry = { event: 'e', data: Buffer.alloc(520_000).toString('base64'), encoding: 'base64' }
    await stream.append(entry, entry).expect(201)
  })
})

describe('a page', () => {
  it('goes on from its cursor, in both orders', async () => {
    const stream = newStream()
    await stream.appendData(1, 2, 3)
    const first = (await stream.get({ limit: 2 }).expect(200)).body
    expect(await stream.data({ limit: 2, after: first.nextCursor })).toEqual([3])
    const newest = (await stream.get({ limit: 2, order: 'desc' }).expect(200)).body
    expect(newest.items.map(({ data }: { data: number }) => data)).toEqual([3, 2])
    expect(newest).not.toHaveProperty('lastId')
    const rest = await stream.get({ order: 'desc', before: newest.nextCursor }).expect(200)
    expect(rest.body.items).toMatchObject([{ data: 1 }])
    expect(rest.body).not.toHaveProperty('nextCursor')
  })

  it('after `end` says where later entries follow', async () => {
    const stream = newStream()
    await stream.appendData(1)
    const { body } = await stream.get({ after: 'end' }).expect(200)
    expect(body).toMatchObject({ items: [], missed: 0 })
    await stream.appendData(2)
    expect(await stream.data({ after: body.lastId })).toEqual([2])
  })

  it('begins at a time', async () => {
    const stream = newStream()
    const [first] = await stream.appendData(1)
    harness.advance(60_000)
    await stream.appendData(2)
    const at = (ms: number) => `at:${new Date(Number(first?.split('-')[0]) + ms).toISOString()}`
    expect(await stream.data({ after: at(0) })).toEqual([1, 2])
    expect(await stream.data({ after: at(1) })).toEqual([2])
    expect(await stream.data({ before: at(1) })).toEqual([1])
    expect(await stream.data({ after: 'at:2026-01-01T00:00:00+01:00' })).toEqual([1, 2])
  })

  it('of a stream that never was is empty', async () => {
    const { body } = await newStream().get().expect(200)
    expect(body).toEqual({ items: [], lastId: '0-0', missed: 0 })
  })

  it('is 410 after an entry whose successors were dropped', async () => {
    const stream = newStream()
    await stream.put({ capacity: 2 }).expect(201)
    const ids = await stream.appendData(1, 2, 3, 4)
    const lost = await stream.get({ after: ids[0] }).expect(410)
    expect(lost.body).toMatchObject({
      code: 'position-lost',
      missed: 1,
      oldest: ids[2],
      newest: ids[3],
    })
    const unknown = await newStream().get({ after: ids[0] }).expect(410)
    for (const member of ['missed', 'oldest', 'newest']) {
      expect(unknown.body).not.toHaveProperty(member)
    }
  })
})

it('deletes an entry, also one that is not there', async () => {
  const stream = newStream()
  const [, id] = await stream.appendData(1, 2, 3)
  for (let i = 0; i < 2; i++) {
    await harness.request('delete', `${stream.at}/entries/${id}`).expect(204)
  }
  expect(await stream.data()).toEqual([1, 3])
  const { body } = await harness.request('delete', `${stream.at}/entries/x`).expect(400)
  expect(body.errors[0]).toMatchObject({ in: 'path', pointer: '/id' })
})

describe('a bad append', () => {
  it.each<[string, object, string]>([
    ['no entries', {}, '/entries'],
    ['an empty list', { entries: [] }, '/entries'],
    ['101 entries', { entries: Array(101).fill({ event: 'e', data: 1 }) }, '/entries'],
    ['no event', { entries: [{ data: 1 }] }, '/entries/0/event'],
    ['an empty event', { entries: [{ event: '', data: 1 }] }, '/entries/0/event'],
    ['a long event', { entries: [{ event: 'x'.repeat(129), data: 1 }] }, '/entries/0/event'],
    ['an event with a line', { entries: [{ event: 'a\nb', data: 1 }] }, '/entries/0/event'],
    ['no data', { entries: [{ event: 'e' }] }, '/entries/0/data'],
    [
      'text that is none',
      { entries: [{ event: 'e', data: 1, encoding: 'text' }] },
      '/entries/0/data',
    ],
    ['no base64', { entries: [{ event: 'e', data: 'a', encoding: 'base64' }] }, '/entries/0/data'],
    [
      'another encoding',
      { entries: [{ event: 'e', data: '', encoding: 'xml' }] },
      '/entries/0/encoding',
    ],
    ['an unknown field', { entries: [{ event: 'e', data: 1, id: '1-1' }] }, '/entries/0/id'],
  ])('with %s is 400, and names the place', async (_what, body, pointer) => {
    const stream = newStream()
    const refused = await harness.request('post', `${stream.at}/entries`).send(body).expect(400)
    expect(refused.body.errors[0]).toMatchObject({ in: 'body', pointer })
    expect(await stream.data()).toEqual([])
  })
})

it.each([
  [{ after: 'now' }, '/after'],
  [{ after: '1' }, '/after'],
  [{ after: '1-1-1' }, '/after'],
  [{ after: '01-1' }, '/after'],
  [{ before: '1-01' }, '/before'],
  [{ after: 'at:yesterday' }, '/after'],
  [{ after: 'at:2026-13-01T00:00:00Z' }, '/after'],
  [{ after: 'at:1969-12-31T23:59:59Z' }, '/after'],
  [{ before: 'start' }, '/before'],
  [{ before: 'at:2026-01-41T00:00:00Z' }, '/before'],
  [{ order: 'up' }, '/order'],
  [{ limit: 0 }, '/limit'],
  [{ limit: 101 }, '/limit'],
  [{ cursor: '1-1' }, '/cursor'],
])('refuses a page with %j', async (query, pointer) => {
  const { body } = await newStream().get(query).expect(400)
  expect(body.errors[0]).toMatchObject({ in: 'query', pointer })
})

it.each(['-x', 'a:b', 'x'.repeat(129), 'a%2Fb'])('refuses the name %s', async (name) => {
  const { body } = await harness.request('get', `/v1/streams/${name}/entries`).expect(400)
  expect(body.errors[0]).toMatchObject({ in: 'path', pointer: '/stream' })
})
