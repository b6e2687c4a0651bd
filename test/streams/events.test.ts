import { describe, expect, it, onTestFinished } from 'vitest'
import { watchScript } from '../../src/streams/events/scripts.js'
import { openEvents } from '../support/event-client.js'
import { startHarness, useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { streamDriver } from './driver.js'

const harness = useHarness()
let streams = 0
const newStream = () => streamDriver(harness, `events-${streams++}`)

type Driver = ReturnType<typeof newStream>

async function follow({ at }: Driver, query = '', after?: string, from = harness) {
  const client = await openEvents(from, `${at}/events${query}`, {
    headers: {
      'lockstep-namespace': harness.namespace,
      ...(after !== undefined && { 'last-event-id': after }),
    },
  })
  onTestFinished(() => client.close())
  expect(client.status).toBe(200)
  return client
}

/** The data of the next entries. */
async function take(client: Awaited<ReturnType<typeof follow>>, count: number) {
  const data: unknown[] = []
  for (let i = 0; i < count; i++) data.push((await client.next()).data.data)
  return data
}

describe('GET events', () => {
  it('says where it begins, and sends entries as they are appended', async () => {
    const stream = newStream()
    const [before] = await stream.appendData('before')
    const client = await follow(stream)
    expect(client.headers['content-type']).toBe('text/event-stream')
    expect(await client.next()).toEqual({ event: 'following', id: before, data: {} })

    const { body } = await stream.append({ event: 'said', data: { a: 'ü\n' } }).expect(201)
    const { id } = body.entries[0]
    const page = await stream.get({ after: before }).expect(200)
    expect(await client.next()).toEqual({ event: 'said', id, data: page.body.items[0] })
  })

  it('begins after the place that it is asked for', async () => {
    const stream = newStream()
    const ids = await stream.appendData(1, 2, 3)
    expect(await take(await follow(stream, '?after=start'), 3)).toEqual([1, 2, 3])
    expect(await take(await follow(stream, `?after=${ids[1]}`), 1)).toEqual([3])
    expect(await take(await follow(stream, '?after=at:2026-01-01T00:00:00Z'), 3)).toEqual([1, 2, 3])
    expect(await take(await follow(stream, '?after=start', ids[0]), 2)).toEqual([2, 3])
  })

  it('sends a long history at once, and then what is new', async () => {
    const stream = newStream()
    const all = Array.from({ length: 250 }, (_, at) => at)
    for (let at = 0; at < 250; at += 50) await stream.appendData(...all.slice(at, at + 50))
    const client = await follow(stream, '?after=start')
    expect(await take(client, 250)).toEqual(all)
    await stream.appendData('new')
    expect(await take(client, 1)).toEqual(['new'])
  })

  it('reaches every follower, here and at another instance', async () => {
    const other = await startHarness()
    onTestFinished(() => other.close())
    const stream = newStream()
    const clients = [
      await follow(stream),
      await follow(stream),
      await follow(stream, '', undefined, other),
    ]
    for (const client of clients) await client.nextOf('following')
    await stream.appendData(1, 2)
    await stream.appendData(3)
    for (const client of clients) expect(await take(client, 3)).toEqual([1, 2, 3])
  })

  it('follows a stream that does not exist yet', async () => {
    const stream = newStream()
    const client = await follow(stream)
    expect(await client.next()).toMatchObject({ event: 'following', id: '0-0' })
    await stream.appendData(1)
    expect(await take(client, 1)).toEqual([1])
  })

  it('goes on for a client that connects again, with each entry once', async () => {
    const stream = newStream()
    const client = await follow(stream)
    const place = await client.next()
    client.close()
    await stream.appendData(1, 2)
    const again = await follow(stream, '', place.id)
    expect(await take(again, 2)).toEqual([1, 2])
    again.close()
    await stream.appendData(3)
    expect(await take(await follow(stream, '', again.events[1]!.id), 1)).toEqual([3])
  })

  it.each([
    ['?after=now', {}, 'query', '/after'],
    ['?after=at:2026-13-01T00:00:00Z', {}, 'query', '/after'],
    ['', { 'last-event-id': 'x' }, 'header', '/last-event-id'],
  ])('refuses %s %j', async (query, headers, part, pointer) => {
    const client = await openEvents(harness, `${newStream().at}/events${query}`, { headers })
    await client.ended()
    expect(client.status).toBe(400)
    expect(client.body().errors).toMatchObject([{ in: part, pointer }])
  })
})

describe('reset', () => {
  it('says how many entries a client missed, and the rest follows', async () => {
    const stream = newStream()
    await stream.put({ capacity: 2 }).expect(201)
    const ids = await stream.appendData(1, 2, 3, 4, 5)
    const client = await follow(stream, '', ids[0])
    expect(await client.next()).toEqual({
      event: 'reset',
      id: ids[2],
      data: { asked: ids[0], missed: 2, oldest: ids[3], newest: ids[4] },
    })
    expect(await take(client, 2)).toEqual([4, 5])
    const again = await follow(stream, '', ids[2])
    expect(await take(again, 2)).toEqual([4, 5])
  })

  it('comes on an open stream whose entries were deleted before they were sent', async () => {
    const stream = newStream()
    const client = await follow(stream)
    await client.nextOf('following')
    const [id] = await stream.appendData(1)
    expect(await take(client, 1)).toEqual([1])
    // Redis as after a failover that lost the entry.
    const key = (part: string) =>
      `ls:{${harness.namespace}:s:${stream.at.split('/').at(-1)}}:${part}`
    await harness.redis.del(key('meta'), key('log'))
    harness.advance(1_000)
    const [other] = await stream.appendData(2)
    expect(await client.next()).toMatchObject({
      event: 'reset',
      data: { asked: id, oldest: other, newest: other },
    })
    expect(client.events.at(-1)?.data).not.toHaveProperty('missed')
    expect(await take(client, 1)).toEqual([2])
  })

  it('comes when the stream is deleted before all was read', async () => {
    const stream = newStream()
    const [first] = await stream.appendData(1, 2)
    await harness.request('delete', stream.at).expect(204)
    const client = await follow(stream, '', first)
    expect(await client.next()).toMatchObject({
      event: 'reset',
      data: { asked: first, missed: 1 },
    })
  })
})

it('a follower that does not read gets nothing meanwhile, and everything once it reads', async () => {
  const stream = newStream()
  await stream.put({ maxEntryBytes: 524_288 }).expect(201)
  const client = await follow(stream)
  await client.nextOf('following')
  client.pause()
  // More than the socket buffers hold.
  const entry = { event: 'e', data: 'x'.repeat(500_000), encoding: 'text' }
  for (let i = 0; i < 20; i++) await stream.append(entry, entry).expect(201)
  client.resume()
  await until('all of them', () => client.events.length === 41)
  expect(new Set(client.events.map(({ id }) => id)).size).toBe(41)
})

it('entries arrive although every message is lost, also at a page that waits', async () => {
  const stream = newStream()
  const client = await follow(stream)
  await client.nextOf('following')
  const page = stream.get({ after: '0-0', waitMs: 20_000 }).then(({ body }) => body.items)
  await until('it waits', async () => {
    const { text } = await harness.request('get', '/metrics')
    return text.includes('\nlockstep_streams_waiters 1\n')
  })
  // Without its watchers in Redis no message is published, as if each were lost.
  await harness.redis.del(`ls:{${harness.namespace}:s:${stream.at.split('/').at(-1)}}:watchers`)
  const [id] = await stream.appendData(1)
  expect(await client.next()).toMatchObject({ event: 'e', id })
  expect(await page).toMatchObject([{ id }])
})

it('an instance that watches is notified once per append', async () => {
  const stream = newStream()
  const meta = `ls:{${harness.namespace}:s:${stream.at.split('/').at(-1)}}:meta`
  const heard: string[] = []
  const hear = (message: string) => void heard.push(message)
  await harness.connections.pubSub.subscribe('ls:events:a-test', hear)
  onTestFinished(() => harness.connections.pubSub.unsubscribe('ls:events:a-test', hear))
  const watch = harness.binder.bind(watchScript)
  const terms = { settings: '9 0 1000 0', instance: 'a-test', watch_ms: 60_000, after: 'end' }
  await watch({ meta }, { ...terms, limit: 1, most_bytes: 1 })

  await stream.appendData(1, 2, 3)
  await stream.appendData(4)
  // From the server that holds the stream: messages of another one may overtake those before.
  await harness.redis.eval("redis.call('PUBLISH', 'ls:events:a-test', 'last')", 1, meta)

  await until('the last message is heard', () => heard.includes('last'))
  expect(heard).toEqual([meta, meta, 'last'])
})

it('what watching leaves in Redis expires', async () => {
  const stream = newStream()
  const key = `ls:{${harness.namespace}:s:${stream.at.split('/').at(-1)}}:watchers`
  await harness.redis.zadd(key, 1, 'gone')
  await (await follow(stream)).nextOf('following')
  expect(await harness.redis.zrange(key, '0', '-1')).not.toContain('gone')
  const ttl = await harness.redis.pttl(key)
  expect(ttl).toBeGreaterThan(30_000)
  expect(ttl).toBeLessThanOrEqual(70_000)
})

it.each(['following', 'reset', 'open', 'error'])('no entry has the event %s', async (event) => {
  const { body } = await newStream().append({ event: 'e', data: 1 }, { event, data: 1 }).expect(400)
  expect(body.errors[0]).toMatchObject({ in: 'body', pointer: '/entries/1/event' })
})
