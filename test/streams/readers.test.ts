import { describe, expect, it } from 'vitest'
import { createReaderStore } from '../../src/streams/readers/store.js'
import type { SentSettings } from '../../src/streams/settings.js'
import { useHarness } from '../support/harness.js'
import { streamDriver } from './driver.js'
import { testStream } from './stores.js'

const harness = useHarness()
const WEEK_MS = 7 * 86_400_000
let streams = 0

/** A stream over HTTP. */
function newStream() {
  const stream = streamDriver(harness, `readers-${streams++}`)
  const reader = (name: string) => `${stream.at}/readers/${name}`
  return {
    ...stream,
    mark: (name: string, seen: unknown) =>
      harness.request('put', reader(name)).send({ seen } as object),
    look: (name: string) => harness.request('get', reader(name)),
    forget: (name: string) => harness.request('delete', reader(name)),
  }
}

/** A stream through its stores. */
function markedStream(sent: SentSettings = {}, maxReaders = 10_000) {
  const stream = testStream(harness, sent)
  const readers = createReaderStore({ binder: harness.binder, maxReaders })
  return {
    ...stream,
    stream,
    mark: (reader: string, seen: string) => readers.mark(stream.stream, reader, seen),
    markOf: (reader: string) => readers.get(stream.stream, reader),
    unread: async (reader: string) => (await stream.page({ reader })).unread,
  }
}

it('keeps how far a reader has read, and counts what follows', async () => {
  const stream = newStream()
  const [a, b] = await stream.appendData(1, 2, 3)
  const { body } = await stream.mark('ada', b).expect(200)
  expect(body).toEqual({ name: 'ada', seen: b, unread: 1 })
  expect((await stream.look('ada').expect(200)).body).toEqual(body)
  expect((await stream.mark('ada', a).expect(200)).body).toEqual(body)
  await stream.appendData(4)
  expect((await stream.get({ reader: 'ada', limit: 1 }).expect(200)).body.unread).toBe(2)
  expect((await stream.get({ reader: 'ada', order: 'desc' }).expect(200)).body.unread).toBe(2)
  expect((await stream.get({ reader: 'bob' }).expect(200)).body.unread).toBe(4)
  expect((await stream.get().expect(200)).body).not.toHaveProperty('unread')
})

it('forgets a reader', async () => {
  const stream = newStream()
  const [id] = await stream.appendData(1)
  await stream.mark('ada', id).expect(200)
  await stream.forget('ada').expect(204)
  expect((await stream.look('ada').expect(404)).body.code).toBe('reader-not-found')
  await stream.forget('ada').expect(204)
})

it.each(['end', '1', '01-1', 7])('refuses %j as a mark', async (seen) => {
  const { body } = await newStream().mark('ada', seen).expect(400)
  expect(body.errors[0]).toMatchObject({ in: 'body', pointer: '/seen' })
})

it('refuses an id that is newer than the stream', async () => {
  const stream = newStream()
  const [id] = await stream.appendData(1)
  const { body } = await stream.mark('ada', `${id!.split('-')[0]}-2`).expect(410)
  expect(body).toMatchObject({ code: 'position-lost', oldest: id, newest: id })
})

describe('unread entries', () => {
  it('are those that are there, deleted ones included', async () => {
    const stream = markedStream({ capacity: 3 })
    const [a, b] = await stream.append('a', 'b')
    await stream.mark('ada', a!)
    const [c] = await stream.append('c')
    await stream.removeEntry(b!)
    expect(await stream.unread('ada')).toBe(2)
    await stream.append('d', 'e', 'f')
    expect(await stream.mark('bob', c!)).toMatchObject({ kind: 'marked', unread: 3 })
    expect([await stream.unread('ada'), await stream.unread('bob')]).toEqual([3, 3])
  })

  it('are none that are too old', async () => {
    const stream = markedStream({ maxAgeMs: 60_000 })
    const [a] = await stream.append('a', 'b')
    await stream.mark('ada', a!)
    harness.advance(60_000)
    expect(await stream.unread('ada')).toBe(0)
    await stream.append('c')
    expect(await stream.unread('ada')).toBe(1)
  })

  it('are all of a history that replaced that of the mark, and the mark moves on', async () => {
    const stream = markedStream()
    await stream.append('a')
    const before = await harness.redis.hgetall(stream.key('meta'))
    const log = await harness.redis.dumpBuffer(stream.key('log'))
    harness.advance(60_000)
    const lost = await stream.append('b', 'c')
    await stream.mark('ada', lost[1]!)
    // As after a failover to a replica that had only the first entry.
    await harness.redis.restore(stream.key('log'), 0, log, 'REPLACE')
    await harness.redis.hset(stream.key('meta'), before)
    harness.advance(-60_000)
    const [other] = await stream.append('d')
    expect(await stream.unread('ada')).toBe(2)
    expect(await stream.mark('ada', lost[1]!)).toMatchObject({ kind: 'lost', missed: undefined })
    expect(await stream.mark('ada', other!)).toMatchObject({ seen: other, unread: 0 })
  })
})

it('drops the mark that was set longest ago, beyond the most', async () => {
  const stream = markedStream({}, 2)
  const [id] = await stream.append('a')
  for (const reader of ['a', 'b', 'a', 'c']) {
    await stream.mark(reader, id!)
    harness.advance(1_000)
  }
  expect(await stream.markOf('b')).toBeUndefined()
  expect(await stream.markOf('a')).toEqual({ seen: id, unread: 0 })
  expect(await stream.markOf('c')).toEqual({ seen: id, unread: 0 })
  expect(await harness.redis.zcard(stream.key('marked'))).toBe(2)
})

it('keeps 10,000 marks', async () => {
  const stream = newStream()
  const key = (part: string) => `ls:{${harness.namespace}:s:${stream.at.split('/').at(-1)}}:${part}`
  const fill = `for i = 1, 10000 do
    redis.call('HSET', KEYS[1], 'r' .. i, '0-0')
    redis.call('ZADD', KEYS[2], i, 'r' .. i)
  end`
  await harness.redis.eval(fill, 2, key('readers'), key('marked'))
  await stream.mark('ada', '0-0').expect(200)
  await stream.look('r1').expect(404)
  for (const reader of ['r2', 'r10000', 'ada']) await stream.look(reader).expect(200)
})

it('drops the mark that was set longest ago also after the clock stepped back', async () => {
  const stream = markedStream({}, 2)
  const [id] = await stream.append('a')
  for (const reader of ['b', 'c', 'a']) {
    await stream.mark(reader, id!)
    harness.advance(-60_000)
  }
  expect(await stream.markOf('b')).toBeUndefined()
  expect(await stream.markOf('c')).toEqual({ seen: id, unread: 0 })
  expect(await stream.markOf('a')).toEqual({ seen: id, unread: 0 })
})

it('leaves nothing of a mark in a stream without entries that is deleted', async () => {
  const stream = newStream()
  await stream.mark('ada', '0-0').expect(200)
  await harness.request('delete', stream.at).expect(204)
  await stream.look('ada').expect(404)
})

it('leaves nothing of a reader that is forgotten', async () => {
  const stream = newStream()
  await stream.mark('ada', '0-0').expect(200)
  await stream.forget('ada').expect(204)
  const key = (part: string) => `ls:{${harness.namespace}:s:${stream.at.split('/').at(-1)}}:${part}`
  expect(await harness.redis.exists(key('readers'))).toBe(0)
  expect(await harness.redis.exists(key('marked'))).toBe(0)
})

it('keeps marks as long as the numbers of the stream', async () => {
  const stream = markedStream({ maxAgeMs: 600_000 })
  const leftMs = () =>
    Promise.all(['readers', 'marked'].map((part) => harness.redis.pttl(stream.key(part))))
  await stream.mark('ada', '0-0')
  for (const ms of await leftMs()) {
    expect(ms).toBeGreaterThan(WEEK_MS - 60_000)
    expect(ms).toBeLessThanOrEqual(WEEK_MS)
  }
  await stream.append('a')
  for (const ms of await leftMs()) expect(ms).toBeGreaterThan(WEEK_MS + 500_000)
  stream.configure({})
  await stream.append('b')
  expect(await leftMs()).toEqual([-1, -1])
  await stream.remove()
  expect(await stream.keys()).toEqual(['meta'])
})

it('keeps marks that were set before the first entry as long as the stream', async () => {
  const stream = markedStream({})
  await stream.mark('ada', '0-0')
  await stream.append('a')
  for (const part of ['readers', 'marked']) {
    expect(await harness.redis.pttl(stream.key(part))).toBe(-1)
  }
})
