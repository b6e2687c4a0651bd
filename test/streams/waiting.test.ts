import { EventEmitter } from 'node:events'
import type { Test } from 'supertest'
import { describe, expect, it } from 'vitest'
import { PageWaits } from '../../src/streams/entries/page-waits.js'
import { createStreamWatches } from '../../src/streams/events/store.js'
import { toSettings } from '../../src/streams/settings.js'
import { startHarness, useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { streamDriver } from './driver.js'
import { testStream } from './stores.js'

const harness = useHarness()
const other = useHarness()
let streams = 0

/** A stream, for whose entries pages can wait at either instance. */
function newStream(at = harness) {
  const name = `waiting-${streams++}`
  const stream = streamDriver(at, name)
  const isWatched = () => at.redis.exists(`ls:{${at.namespace}:s:${name}}:watchers`)
  return {
    ...stream,
    isWatched,
    /** A page that waits. */
    async park(query: object = {}, instance = at) {
      const answer = instance
        .request('get', `${stream.at}/entries`)
        .set('lockstep-namespace', at.namespace)
        .query({ waitMs: 20_000, ...query })
        .then((response) => response)
      await until('the page to wait', isWatched)
      // In a list, because a promise of a promise would wait for it.
      return [answer] as const
    },
  }
}

const waiters = async (at = harness) => {
  const { text } = await at.request('get', '/metrics')
  return Number(/^lockstep_streams_waiters (\d+)$/m.exec(text)?.[1])
}

describe('a page that waits', () => {
  it.each(['start', 'end', 'at:2026-01-01T00:00:00Z', '0-0'])(
    'after %s has the entry that is appended through another instance',
    async (after) => {
      const stream = newStream()
      const [waiting] = await stream.park({ after }, other)
      const [id] = await stream.appendData('new')
      const { status, body } = await waiting
      expect(status).toBe(200)
      expect(body).toMatchObject({ items: [{ id, data: 'new' }], lastId: id, missed: 0 })
    },
  )

  it('has all entries of the append, up to its limit', async () => {
    const stream = newStream()
    const [all] = await stream.park()
    const [two] = await stream.park({ limit: 2 })
    const ids = await stream.appendData(1, 2, 3)
    expect((await all).body.items).toHaveLength(3)
    expect((await two).body).toMatchObject({ items: [{}, {}], nextCursor: ids[1] })
  })

  it('answers at once where there are entries', async () => {
    const stream = newStream()
    await stream.appendData(1)
    expect(await stream.data({ waitMs: 20_000 })).toEqual([1])
    expect(await stream.isWatched()).toBe(0)
  })

  it('is empty when its time is over', async () => {
    const stream = newStream()
    const [id] = await stream.appendData(1)
    const { body } = await stream.get({ after: id, waitMs: 20 }).expect(200)
    expect(body).toEqual({ items: [], lastId: id, missed: 0 })
  })

  it('says that its position is lost, when entries after it are dropped meanwhile', async () => {
    const stream = newStream()
    await stream.put({ capacity: 1 }).expect(201)
    const [first] = await stream.appendData(1)
    const [waiting] = await stream.park({ after: first })
    await stream.appendData(2, 3, 4)
    expect((await waiting).body).toMatchObject({ code: 'position-lost', missed: 2 })
  })

  it('waits on when the stream is deleted, and has what is appended then', async () => {
    const stream = newStream()
    const [last] = await stream.appendData(1)
    const [waiting] = await stream.park({ after: last })
    await harness.request('delete', stream.at).expect(204)
    const [id] = await stream.appendData(2)
    expect((await waiting).body).toMatchObject({ items: [{ id, data: 2 }] })
    expect(id).toMatch(/-2$/)
  })

  it('waits on when the entry that woke it is gone before it is read', async () => {
    const stream = testStream(harness)
    const { binder, connections, namespace } = harness
    const settings = toSettings({})
    const settingsOf = () => settings
    const options = { after: 'end', before: 'end', order: 'asc', limit: 100 } as const
    let reads = 0
    const waits = new PageWaits({
      entries: {
        async read(_stream, asked) {
          const page = await stream.page(asked)
          reads += 1
          if (reads !== 2) return page
          await stream.removeEntry(page.entries[0]!.id)
          return stream.read(asked)
        },
      },
      watch: createStreamWatches({ binder, pubSub: connections.pubSub, settingsOf }),
      settingsOf,
      maxPerStream: 1,
    })
    const client = Object.assign(new EventEmitter(), { destroyed: false })
    const asked = { namespace, name: stream.name, settings }
    const waiting = waits.read(asked, options, { waitMs: 20_000, client })
    await until('it watches', () => harness.redis.exists(stream.key('watchers')))
    await stream.append('deleted')
    await until('it read that', () => reads === 2)
    const [id] = await stream.append('kept')
    expect(await waiting).toMatchObject({ kind: 'page', entries: [{ id }] })
    expect(waits.count).toBe(0)
    expect(client.listenerCount('close')).toBe(0)
  })

  it('leaves with its client', async () => {
    const stream = newStream()
    const gone: Test = stream.get({ waitMs: 20_000 })
    gone.end(() => undefined)
    await until('a waiter', async () => (await waiters()) === 1)
    gone.abort()
    await until('its end', async () => (await waiters()) === 0)
  })

  it('is empty when its instance shuts down', async () => {
    const stopping = await startHarness()
    const [waiting] = await newStream(stopping).park()
    await stopping.close()
    const { status, body } = await waiting
    expect([status, body.items]).toEqual([200, []])
  })

  it.each([
    { waitMs: 20_001 },
    { waitMs: -1 },
    { waitMs: 'x' },
    { waitMs: 1, order: 'desc' },
    { waitMs: 1, before: '1-1' },
  ])('refuses %j', async (query) => {
    const { body } = await newStream().get(query).expect(400)
    expect(body.errors[0]).toMatchObject({ in: 'query', pointer: '/waitMs' })
  })
})

describe('an instance where as many wait as may', () => {
  const small = useHarness({ environment: { LOCKSTEP_STREAM_WAITERS: '1' } })

  it('refuses one more that would wait, and no other page', async () => {
    const stream = newStream(small)
    const [waiting] = await stream.park()
    const { body, headers } = await stream.get({ waitMs: 1 }).expect(429)
    expect(body).toMatchObject({ code: 'too-many-readers', retryAfterMs: 1_000 })
    expect(headers['retry-after']).toBe('1')
    await stream.get().expect(200)
    await stream.appendData(1)
    expect((await waiting).body.items).toHaveLength(1)
    await stream.get({ after: 'end', waitMs: 1 }).expect(200)
  })
})
