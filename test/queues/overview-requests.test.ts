import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../src/queues/settings.js'
import { useHarness } from '../support/harness.js'
import { queueDriver } from './driver.js'

const harness = useHarness()
let queues = 0
const newQueue = (prefix = 'seen') => queueDriver(harness, `${prefix}-${queues++}`)
type Driver = ReturnType<typeof newQueue>

const get = async (queue: Driver) => (await harness.request('get', queue.at).expect(200)).body
const counts = async (queue: Driver) => (await get(queue)).counts

/** One message in each state. */
async function fill(queue: Driver): Promise<void> {
  await queue.send({ body: 'dead', priority: 9 }, { body: 'leased', priority: 8 }).expect(201)
  const [dead] = await queue.receive({ limit: 2 })
  await queue.settle({ nack: [{ receipt: dead!.receipt, dead: true, error: 'why' }] })
  await queue
    .send(
      { body: 'delayed', delayMs: 60_000 },
      { body: 'ready', group: 'g' },
      { body: 'blocked', group: 'g' },
    )
    .expect(201)
}

describe('GET of a queue', () => {
  it('shows settings, counts, bytes and totals', async () => {
    const queue = newQueue()
    await fill(queue)
    const before = await harness.request('get', queue.at).expect(200)
    expect(before.headers).not.toHaveProperty('etag')
    expect(before.body).toEqual({
      name: queue.at.split('/').at(-1),
      ...DEFAULT_SETTINGS,
      counts: { ready: 1, delayed: 1, leased: 1, blocked: 1, dead: 1 },
      bytes: expect.any(Number),
      oldestReadyMs: expect.any(Number),
      totals: {
        sent: 5,
        duplicates: 0,
        delivered: 2,
        acked: 0,
        retried: 0,
        timedOut: 0,
        released: 0,
        expired: 0,
        dead: 1,
        dropped: 0,
        discarded: 0,
      },
    })
    const { body, headers } = await queue.put({ maxFailures: 2 }).expect(201)
    const after = await harness.request('get', queue.at).expect(200)
    expect(after.body).toMatchObject({ ...body, counts: before.body.counts })
    expect(after.headers.etag).toBe(headers.etag)
  })

  it('says how long the oldest ready message has been ready', async () => {
    const queue = newQueue()
    await queue.sendBodies(1)
    harness.advance(5_000)
    await queue.sendBodies(2)
    const { oldestReadyMs } = await get(queue)
    expect(oldestReadyMs).toBeGreaterThanOrEqual(5_000)
    await queue.receive({ limit: 2 })
    expect(await get(queue)).not.toHaveProperty('oldestReadyMs')
  })

  it('is 404 for a queue that has neither settings nor messages', async () => {
    const queue = newQueue()
    expect((await harness.request('get', queue.at).expect(404)).body.code).toBe('queue-not-found')
    await queue.receive()
    await harness.request('get', queue.at).expect(404)
    await queue.put({}).expect(201)
    expect(await counts(queue)).toEqual({ ready: 0, delayed: 0, leased: 0, blocked: 0, dead: 0 })
  })

  it('knows a queue whose messages are all settled', async () => {
    const queue = newQueue()
    await queue.sendBodies(1)
    await queue.settle({ ack: [(await queue.take()).receipt] })
    expect(await get(queue)).toMatchObject({ bytes: 0, totals: { sent: 1, acked: 1 } })
  })
})

describe('the list of queues', () => {
  const list = async (query: object) => {
    const { body } = await harness.request('get', '/v1/queues').query(query).expect(200)
    const names = body.items.map(({ name }: { name: string }) => name)
    return { ...body, names }
  }

  it('has those with settings and those with messages, by name', async () => {
    await queueDriver(harness, 'list-b').put({}).expect(201)
    await queueDriver(harness, 'list-c').sendBodies(1, 2)
    await queueDriver(harness, 'list-a').sendBodies(1)
    await queueDriver(harness, 'list-a').put({}).expect(201)

    const { items, names, nextCursor } = await list({ prefix: 'list-' })

    expect(names).toEqual(['list-a', 'list-b', 'list-c'])
    expect(items.map(({ counts }: { counts: { ready: number } }) => counts.ready)).toEqual([
      1, 0, 2,
    ])
    expect(nextCursor).toBeUndefined()
    const first = await list({ prefix: 'list-', limit: 2 })
    expect(first.names).toEqual(['list-a', 'list-b'])
    const rest = await list({ prefix: 'list-', limit: 2, cursor: first.nextCursor })
    expect([rest.names, rest.nextCursor]).toEqual([['list-c'], undefined])
  })

  it('lacks queues that were deleted, and those of other namespaces', async () => {
    const queue = queueDriver(harness, 'lost-a')
    await queue.sendBodies(1)
    await harness
      .request('post', '/v1/queues/lost-b/messages')
      .set('lockstep-namespace', `${harness.namespace.slice(0, 30)}-x`)
      .send({ messages: [{ body: 1 }] })
      .expect(201)
    await harness.request('delete', queue.at).expect(204)
    expect((await list({ prefix: 'lost-' })).names).toEqual([])
    await queue.sendBodies(1)
    expect((await list({ prefix: 'lost-' })).names).toEqual(['lost-a'])
  })

  it.each([
    [{ limit: 0 }, '/limit'],
    [{ limit: 1_001 }, '/limit'],
    [{ cursor: 'x' }, '/cursor'],
    [{ state: 'ready' }, '/state'],
  ])('refuses %j', async (query, pointer) => {
    const { body } = await harness.request('get', '/v1/queues').query(query).expect(400)
    expect(body.errors[0]).toMatchObject({ in: 'query', pointer })
  })
})

describe('DELETE of a queue', () => {
  it('removes settings, messages and totals, and no receipt works on', async () => {
    const queue = newQueue('deleted')
    await queue.put({ maxFailures: 2 }).expect(201)
    await fill(queue)
    await queue.sendBodies('more')
    const { receipt } = await queue.take()

    await harness.request('delete', queue.at).expect(204)

    await harness.request('get', queue.at).expect(404)
    expect(await queue.settle({ ack: [receipt] })).toEqual(['gone'])
    await queue.send({ body: 'new' }).expect(201)
    expect(await queue.settle({ ack: [receipt] })).toEqual(['gone'])
    expect(await get(queue)).toMatchObject({ maxFailures: 5, totals: { sent: 1, delivered: 0 } })
  })

  it('forgets dedup ids, so that what is sent again is stored', async () => {
    const queue = newQueue('deleted')
    const send = () => queue.send({ body: 1, dedupId: 'd' }).expect(201)
    const first = await send()
    await harness.request('delete', queue.at).expect(204)
    const second = await send()
    expect(second.body).toMatchObject({ messages: [{ duplicate: false }], ready: 1 })
    expect(second.body.messages[0].id > first.body.messages[0].id).toBe(true)
  })

  it('keeps the messages where If-Match does not hold', async () => {
    const queue = newQueue('deleted')
    await queue.put({}).expect(201)
    await queue.sendBodies(1)
    await harness.request('delete', queue.at).set('if-match', '"1"').expect(412)
    expect((await counts(queue)).ready).toBe(1)
  })
})

describe('a purge', () => {
  it.each(['ready', 'delayed', 'leased', 'blocked', 'dead'])(
    'deletes what is %s',
    async (state) => {
      const queue = newQueue('purged')
      await fill(queue)
      const before = await counts(queue)

      const { body } = await queue.post('purge', { state }).expect(200)

      // With the head of a group what waits behind it is deleted too.
      const others = state === 'ready' ? { blocked: 0 } : {}
      expect(await counts(queue)).toEqual({ ...before, ...others, [state]: 0 })
      expect(body).toEqual({ purged: state === 'ready' ? 2 : 1 })
      expect((await queue.post('purge', { state }).expect(200)).body).toEqual({ purged: 0 })
    },
  )

  it('settles deliveries of deleted messages as gone', async () => {
    const queue = newQueue('purged')
    await queue.sendBodies(1)
    const { receipt } = await queue.take()
    await queue.post('purge', { state: 'leased' }).expect(200)
    expect(await queue.settle({ ack: [receipt] })).toEqual(['gone'])
  })

  it.each<[object, string]>([
    [{}, '/state'],
    [{ state: 'all' }, '/state'],
    [{ state: 'ready', limit: 1 }, '/limit'],
  ])('refuses %j', async (body, pointer) => {
    const refused = await newQueue('purged').post('purge', body).expect(400)
    expect(refused.body.errors[0]).toMatchObject({ in: 'body', pointer })
  })
})

describe('a look at messages', () => {
  const look = async (queue: Driver, query: object = {}) =>
    (await harness.request('get', `${queue.at}/messages`).query(query).expect(200)).body

  it('shows every field of a message, and no receipt', async () => {
    const queue = newQueue('look')
    const message = { body: { a: [1] }, priority: 3, group: 'g', headers: { h: 'v' } }
    const { body } = await queue.send(message).expect(201)
    expect(await look(queue)).toEqual({
      items: [
        {
          id: body.messages[0].id,
          ...message,
          encoding: 'json',
          deliveries: 0,
          failures: 0,
          sentAt: expect.stringMatching(/Z$/),
        },
      ],
    })
  })

  it('shows messages in each state, with what belongs to it', async () => {
    const queue = newQueue('look')
    await fill(queue)
    for (const state of ['ready', 'delayed', 'leased', 'blocked', 'dead']) {
      expect((await look(queue, { state })).items).toMatchObject([{ body: state }])
    }
    const [delayed] = (await look(queue, { state: 'delayed' })).items
    const [leased] = (await look(queue, { state: 'leased' })).items
    const [dead] = (await look(queue, { state: 'dead' })).items
    expect(delayed.readyInMs).toBeGreaterThan(30_000)
    expect(leased.readyInMs).toBeLessThanOrEqual(30_000)
    expect(leased).toMatchObject({ deliveries: 1, failures: 0 })
    expect(dead).toMatchObject({
      deliveries: 1,
      failures: 1,
      error: 'why',
      firstFailedAt: expect.stringMatching(/Z$/),
      lastFailedAt: expect.stringMatching(/Z$/),
    })
  })

  it('changes nothing', async () => {
    const queue = newQueue('look')
    await fill(queue)
    const before = await get(queue)
    await look(queue, { state: 'ready' })
    await look(queue, { state: 'leased' })
    const after = await get(queue)
    expect({ ...after, oldestReadyMs: 0 }).toEqual({ ...before, oldestReadyMs: 0 })
    expect(await queue.take()).toMatchObject({ deliveries: 1, failures: 0 })
  })

  it('goes page by page', async () => {
    const queue = newQueue('look')
    await queue.sendBodies(1, 2, 3)
    const first = await look(queue, { limit: 2 })
    const rest = await look(queue, { limit: 2, cursor: first.nextCursor })
    const bodies = [first, rest].map(({ items }) =>
      items.map(({ body }: { body: unknown }) => body),
    )
    expect(bodies).toEqual([[1, 2], [3]])
    expect(rest).not.toHaveProperty('nextCursor')
  })

  it('goes on behind messages of a group with the longest name', async () => {
    const queue = newQueue('look')
    const group = '界'.repeat(128)
    await queue.send(...[1, 2, 3].map((body) => ({ body, group }))).expect(201)
    const first = await look(queue, { state: 'blocked', limit: 1 })
    const rest = await look(queue, { state: 'blocked', cursor: first.nextCursor })
    expect([first, rest]).toMatchObject([{ items: [{ body: 2 }] }, { items: [{ body: 3 }] }])
  })

  it('is empty for a queue that never was', async () => {
    expect(await look(newQueue('look'))).toEqual({ items: [] })
  })

  it.each([
    [{ state: 'lost' }, '/state'],
    [{ limit: 0 }, '/limit'],
    [{ limit: 101 }, '/limit'],
    [{ cursor: 'x' }, '/cursor'],
    [{ cursor: 'eA' }, '/cursor'],
    [{ prefix: 'x' }, '/prefix'],
  ])('refuses %j', async (query, pointer) => {
    const queue = newQueue('look')
    const { body } = await harness.request('get', `${queue.at}/messages`).query(query).expect(400)
    expect(body.errors[0]).toMatchObject({ in: 'query', pointer })
  })
})
