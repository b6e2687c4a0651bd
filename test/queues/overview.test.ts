import { expect, it } from 'vitest'
import { purgeScript } from '../../src/queues/overview/scripts.js'
import { toScriptSettings } from '../../src/queues/script-settings.js'
import { unavailable } from '../../src/redis/errors.js'
import { Names } from '../../src/redis/names.js'
import { useHarness } from '../support/harness.js'
import { watchedBinder } from '../support/watched-binder.js'
import { type TestQueue, testQueue } from './stores.js'

const harness = useHarness()

const textsOf = (items: readonly { body: Buffer }[]) => items.map(({ body }) => String(body))

/** One or two messages of every state. */
async function mixedQueue(): Promise<TestQueue> {
  const queue = testQueue(harness, { maxFailures: 1, visibilityMs: 40_000 })
  await queue.send({ text: 'dead', priority: 9 })
  await queue.nack(await queue.take())
  await queue.send({ text: 'leased', priority: 9 }, { text: 'head', group: 'g', priority: 8 })
  await queue.receive({ limit: 2 })
  await queue.send({ text: 'delayed', delayMs: 50_000 }, { text: 'blocked', group: 'g' })
  await queue.send('ready 1', { text: 'ready 2', priority: 1 })
  return queue
}

it('counts the messages of every state, and what became of all', async () => {
  const queue = await mixedQueue()
  harness.advance(5_000)

  const counts = await queue.counts()

  expect(counts).toMatchObject({ ready: 2, delayed: 1, leased: 2, blocked: 1, dead: 1 })
  expect(counts?.totals).toEqual({
    sent: 7,
    duplicates: 0,
    delivered: 3,
    acked: 0,
    retried: 0,
    timedOut: 0,
    released: 0,
    expired: 0,
    dead: 1,
    dropped: 0,
    discarded: 0,
  })
  expect(counts?.oldestReadyMs).toBeGreaterThanOrEqual(5_000)
  expect(counts?.oldestReadyMs).toBeLessThan(65_000)
  expect(counts?.bytes).toBe(Number((await queue.stat()).bytes))
})

it('counts what is due as ready, before a receive makes it so', async () => {
  const queue = await mixedQueue()
  harness.advance(50_001)
  expect(await queue.counts()).toMatchObject({
    ready: 5,
    delayed: 0,
    leased: 0,
    oldestReadyMs: expect.any(Number),
  })
  expect(textsOf(await queue.look('ready'))).toEqual(
    ['delayed', 'head', 'leased', 'ready 2', 'ready 1'].sort((x, y) => order(x) - order(y)),
  )
})

const order = (text: string) => ['delayed', 'leased', 'head', 'ready 2', 'ready 1'].indexOf(text)

it('has no age of the oldest without a ready message, and no counts without a queue', async () => {
  const queue = testQueue(harness)
  expect(await queue.counts()).toBeUndefined()
  await queue.send('a')
  await queue.take()
  expect(await queue.counts()).toMatchObject({ ready: 0, oldestReadyMs: undefined })
})

it('the oldest ready message may be of any priority, delayed or leased before', async () => {
  const minuteMs = 60_000
  const queue = testQueue(harness, { visibilityMs: 10 * minuteMs })
  await queue.send({ text: 'leased', priority: 9 })
  await queue.take()
  harness.advance(8 * minuteMs)
  await queue.send({ text: 'delayed', delayMs: minuteMs })
  const oldest = async () =>
    Math.floor(((await queue.counts())?.oldestReadyMs ?? -minuteMs) / minuteMs)
  expect(await oldest()).toBe(-1)
  harness.advance(1.1 * minuteMs)
  expect(await oldest()).toBe(0)
  harness.advance(1.1 * minuteMs)
  expect(await oldest()).toBe(10)
  await queue.texts()
  await queue.send({ text: 'low' })
  harness.advance(3 * minuteMs)
  await queue.send({ text: 'high', priority: 9 })
  expect(await oldest()).toBe(3)
})

it('the oldest ready message may be behind one that was delayed', async () => {
  const minuteMs = 60_000
  const queue = testQueue(harness)
  await queue.send({ text: 'delayed', delayMs: 5 * minuteMs }, 'old')
  harness.advance(5 * minuteMs + 1)
  await queue.release(await queue.take())
  expect(textsOf(await queue.look('ready'))).toEqual(['delayed', 'old'])
  expect((await queue.counts())?.oldestReadyMs).toBeGreaterThanOrEqual(5 * minuteMs)
})

it.each(['ready', 'delayed', 'leased', 'blocked', 'dead'] as const)(
  'a look at what is %s moves nothing, in pages of any size',
  async (state) => {
    const queue = testQueue(harness, { maxFailures: 1, visibilityMs: 400_000 })
    const texts = Array.from({ length: 7 }, (_, i) => `${i}`)
    if (state === 'blocked') await queue.send({ text: 'head', group: 'g' })
    await queue.sendAll(
      texts.map((text) => ({
        text,
        ...(state === 'delayed' && { delayMs: 500_000 }),
        ...(state === 'blocked' && { group: 'g' }),
      })),
    )
    if (state === 'leased' || state === 'dead') {
      const { deliveries } = await queue.receive({ limit: 7 })
      if (state === 'dead') {
        await queue.settle(
          ...deliveries.map(({ receipt }) => ({ kind: 'nack', receipt, dead: true }) as const),
        )
      }
    }
    const before = await queue.stat()

    for (const limit of [1, 2, 3, 7, 8]) {
      expect(textsOf(await queue.look(state, limit))).toEqual(texts)
    }

    expect(await queue.stat()).toEqual(before)
    const [item] = await queue.look(state)
    expect(item).not.toHaveProperty('receipt')
    const due = { delayed: 500_000, leased: 400_000, ready: 0, blocked: 0, dead: 0 }[state]
    expect(item!.dueInMs).toBeLessThanOrEqual(due)
    expect(item!.dueInMs).toBeGreaterThan(due - 400_000 * Math.sign(due) - 1)
  },
)

it('a look has no next page after a full last one', async () => {
  const queue = testQueue(harness)
  await queue.send('a', 'b')
  const { messages, queue: it_ } = queue
  expect(await messages.look(it_, { state: 'ready', limit: 2 })).not.toHaveProperty('next')
  expect(await messages.look(it_, { state: 'ready', limit: 1 })).toHaveProperty('next')
})

it.each(['', 'x', '1 2', '4 1 1', '1 1e9 1', '0 1 1', '1 1 1 1'])(
  'refuses the cursor "%s"',
  async (after) => {
    const queue = testQueue(harness)
    await queue.send('a')
    const page = await queue.messages.look(queue.queue, { state: 'ready', limit: 1, after })
    expect(page).toEqual({ kind: 'unknown-cursor' })
  },
)

it('a look goes on after a message that is gone, or has another place by now', async () => {
  const queue = testQueue(harness)
  await queue.send(...[1, 2, 3, 4].map((n) => ({ text: `${n}`, delayMs: n * 100_000 })), 'x')
  const { messages, queue: it_ } = queue
  const pageAfter = async (state: 'delayed' | 'blocked', limit: number, after?: string) => {
    const page = await messages.look(it_, { state, limit, after })
    if (page.kind !== 'page') throw new Error(page.kind)
    return { texts: textsOf(page.items), next: page.next }
  }
  const first = await pageAfter('delayed', 2)
  expect(first.texts).toEqual(['1', '2'])
  harness.advance(200_001)
  await queue.receive({ limit: 10 })
  expect((await pageAfter('delayed', 2, first.next)).texts).toEqual(['3', '4'])

  await queue.send(
    ...['f1', 'f2', 'g1', 'g2', 'g3', 'g4'].map((text) => ({ text, group: text[0]! })),
  )
  const blocked = await pageAfter('blocked', 2)
  expect(blocked.texts).toEqual(['f2', 'g2'])
  const heads = await queue.receive({ limit: 2 })
  await queue.ack(heads.deliveries[1]!)
  expect((await pageAfter('blocked', 2, blocked.next)).texts).toEqual(['g3', 'g4'])
})

it('a look at leases goes on after one that was settled', async () => {
  const queue = testQueue(harness)
  await queue.send('a', 'b', 'c')
  await queue.take({ visibilityMs: 100_000 })
  const b = await queue.take({ visibilityMs: 200_000 })
  await queue.take({ visibilityMs: 300_000 })
  const { messages, queue: it_ } = queue
  const first = await messages.look(it_, { state: 'leased', limit: 2 })
  if (first.kind !== 'page') throw new Error(first.kind)

  await queue.ack(b)

  const rest = await messages.look(it_, { state: 'leased', limit: 2, after: first.next })
  expect(rest.kind === 'page' && textsOf(rest.items)).toEqual(['c'])
})

it('a look ends before the bodies exceed 256 KiB', async () => {
  const queue = testQueue(harness)
  const text = 'x'.repeat(100 * 1024)
  await queue.send(text.repeat(5), text, text, text)
  const page = await queue.messages.look(queue.queue, { state: 'ready', limit: 10 })
  expect(page).toMatchObject({ items: [{}], next: expect.any(String) })
  expect(await queue.look('ready', 10)).toHaveLength(4)
})

it.each([
  ['ready', ['delayed', 'leased', 'head', 'blocked', 'dead'], 2],
  ['delayed', ['leased', 'head', 'ready 2', 'ready 1', 'blocked', 'dead'], 1],
  ['blocked', ['delayed', 'leased', 'head', 'ready 2', 'ready 1', 'dead'], 1],
  ['dead', ['delayed', 'leased', 'head', 'ready 2', 'ready 1', 'blocked'], 1],
  // The next one of the group is ready now.
  ['leased', ['delayed', 'ready 2', 'blocked', 'ready 1', 'dead'], 2],
] as const)('a purge of what is %s leaves the rest', async (state, rest, purged) => {
  const queue = await mixedQueue()

  expect(await queue.purge(state)).toBe(purged)

  const left = []
  for (const other of ['delayed', 'leased', 'ready', 'blocked', 'dead'] as const) {
    left.push(...textsOf(await queue.look(other)))
  }
  expect(left.sort()).toEqual([...rest].sort())
  expect(await queue.stat()).toMatchObject({ discarded: `${purged}` })
  expect(await harness.redis.hlen(queue.key('msg'))).toBe(rest.length)
  expect(await harness.redis.hlen(queue.key('body'))).toBe(rest.length)
})

it.each(['ready', 'delayed', 'leased', 'blocked', 'dead'] as const)(
  'a purge of what is %s takes steps of 500',
  async (state) => {
    const queue = testQueue(harness, { maxFailures: 1, visibilityMs: 600_000 })
    if (state === 'blocked') await queue.send({ group: 'g' })
    for (let sent = 0; sent < 1_100; sent += 100) {
      await queue.sendAll(
        Array.from({ length: 100 }, () => ({
          ...(state === 'delayed' && { delayMs: 600_000 }),
          ...(state === 'blocked' && { group: 'g' }),
        })),
      )
      if (state !== 'leased' && state !== 'dead') continue
      const { deliveries } = await queue.receive({ limit: 100 })
      if (state === 'dead') {
        await queue.settle(
          ...deliveries.map(({ receipt }) => ({ kind: 'nack', receipt, dead: true }) as const),
        )
      }
    }
    expect(await queue.purge(state)).toBe(1_100)
    expect(await queue.look(state)).toEqual([])
  },
)

it('a purge of what is ready takes what is due, and what waits behind ready heads', async () => {
  const queue = testQueue(harness, { visibilityMs: 10_000 })
  await queue.send(
    'leased',
    { delayMs: 5_000 },
    { group: 'g' },
    { group: 'g' },
    { group: 'g', priority: 9 },
  )
  await queue.take()
  harness.advance(10_001)
  expect(await queue.purge('ready')).toBe(5)
  expect(await queue.keys()).toEqual(['stat'])
})

it('a purge of what is ready goes on while others become dead letters', async () => {
  const queue = testQueue(harness, { maxFailures: 1, visibilityMs: 1_000 })
  for (let i = 0; i < 5; i++) {
    await queue.sendAll(Array.from({ length: 100 }, () => ({})))
    await queue.receive({ limit: 100 })
  }
  await queue.send({ delayMs: 1_000 })
  harness.advance(1_001)
  expect(await queue.purge('ready')).toBe(1)
  expect(await queue.counts()).toMatchObject({ ready: 0, dead: 500 })
})

it.each(['ready', 'delayed'] as const)(
  'a purge of what is %s spares what is sent meanwhile',
  async (state) => {
    const queue = testQueue(harness)
    const purge = harness.binder.bind(purgeScript)
    const message = (text: string, delayMs: number, priority: number) =>
      state === 'ready' ? { text, priority } : { text, delayMs }
    await queue.send(...Array.from({ length: 5 }, () => message('old', 600_000, 0)))
    let step = { deleted: 0, more: true, lastId: 0, score: '', member: '' }
    let deleted = 0
    const next = async () => {
      const { lastId: last_id, score, member } = step
      const settings = toScriptSettings(queue.queue.settings)
      const args = { settings, state, most: 2, last_id, score, member }
      step = await purge({ stat: queue.key('stat') }, args)
      expect(step.deleted).toBeLessThanOrEqual(2)
      deleted += step.deleted
    }

    await next()
    // In front of the others, and behind them.
    await queue.send(
      message('new', 100_000, 9),
      message('new', 700_000, 9),
      message('new', 700_000, 0),
    )
    for (let steps = 0; steps < 6 && step.more; steps++) await next()

    expect(step.more).toBe(false)
    expect(deleted).toBe(5)
    expect(textsOf(await queue.look(state))).toEqual(['new', 'new', 'new'])
  },
)

it('a purge forgets the dedup ids of the messages that it deletes, and no others', async () => {
  const queue = testQueue(harness)
  await queue.send(
    { text: 'out', dedupId: 'out' },
    { dedupId: 'acked' },
    { dedupId: 'purged' },
    'x',
  )
  await queue.take()
  await queue.ack(await queue.take())
  await queue.purge('ready')

  const dedupIds = ['purged', 'out', 'acked']
  const sendAgain = () => queue.sendAll(dedupIds.map((dedupId) => ({ dedupId })))
  const duplicates = [true, true].map((duplicate) => ({ duplicate }))
  expect(await sendAgain()).toMatchObject({ messages: [{ duplicate: false }, ...duplicates] })
  expect(await sendAgain()).toMatchObject({ messages: [{ duplicate: true }, ...duplicates] })
})

it('a discard forgets the dedup id of its message, unless another one has it by now', async () => {
  const queue = testQueue(harness, { dedupWindowMs: 60_000 })
  const [first] = await queue.send({ dedupId: 'd' })
  await queue.settle({ kind: 'nack', dead: true, receipt: (await queue.take()).receipt })
  // As if the window had ended.
  const [key] = (await queue.keys()).filter((name) => name.startsWith('dedup:'))
  await harness.redis.unlink(queue.key(key!))
  const [second] = await queue.send({ dedupId: 'd' })
  await queue.discard(first!)
  expect(await queue.send({ dedupId: 'd' })).toEqual([second])

  await queue.settle({ kind: 'nack', dead: true, receipt: (await queue.take()).receipt })
  await queue.discard(second!)
  expect(await queue.send({ dedupId: 'd' })).not.toEqual([second])
})

it('a purge of a queue that does not exist leaves nothing behind', async () => {
  const queue = testQueue(harness)
  for (const state of ['ready', 'dead'] as const) expect(await queue.purge(state)).toBe(0)
  expect(await queue.keys()).toEqual([])
  expect(await queue.remove()).toBe(false)
  expect(await queue.keys()).toEqual([])
})

it('removes a queue with everything but its last id: later ids are larger', async () => {
  const queue = await mixedQueue()
  const [late] = await queue.look('leased')
  const [before] = await queue.send({ dedupId: 'd', priority: 9 })
  const delivery = await queue.take()
  harness.advance(-3_600_000)

  expect(await queue.remove()).toBe(true)

  expect(await queue.counts()).toBeUndefined()
  expect((await queue.keys()).filter((key) => !/^(dedup|record):/.test(key))).toEqual(['stat'])
  expect(await harness.redis.pttl(queue.key('stat'))).toBeGreaterThan(3_500_000)
  expect(await queue.remove()).toBe(false)
  const reply = await queue.sendAll([{ dedupId: 'd' }])
  harness.advance(3_600_000)
  expect(reply).toMatchObject({ kind: 'sent', messages: [{ duplicate: false }] })
  if (reply.kind !== 'sent') throw new Error()
  expect(Number.parseInt(reply.messages[0]!.id, 36)).toBe(Number.parseInt(before!, 36) + 1)
  expect(await queue.ack(delivery)).toBe('gone')
  expect(late).toBeDefined()
})

it('lists a queue with the first send', async () => {
  const queue = testQueue(harness)
  await queue.send('a')
  const names = new Names({ binder: harness.binder, part: 'queues' })
  const { name } = queue.queue
  expect(await names.list(harness.namespace, name, '', 100)).toContain(name)
})

it('stores nothing in a queue that could not be listed', async () => {
  const { namespace, redis } = harness
  const binder = watchedBinder(harness.binder, 'names.add', () => {
    throw unavailable()
  })
  const queue = testQueue({ binder, namespace, redis })
  await expect(queue.send('a')).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(await queue.keys()).toEqual([])
})
