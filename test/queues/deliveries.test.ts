import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { testQueue } from './stores.js'

const harness = useHarness()

it('a receive of an empty queue answers nothing and leaves nothing behind', async () => {
  const queue = testQueue(harness)

  const reply = await queue.receive({ limit: 10 })

  expect(reply).toEqual({
    kind: 'received',
    deliveries: [],
    nextMs: undefined,
    replayed: false,
    met: { expired: 0, timedOut: 0, dead: 0, dropped: 0 },
  })
  expect(await queue.keys()).toEqual([])
})

it('delivers with a receipt, counters and the time that is left', async () => {
  const queue = testQueue(harness)
  const [id] = await queue.send({ text: 'a', priority: 3 })

  const delivery = await queue.take({ visibilityMs: 20_000 })

  expect(delivery).toMatchObject({ id, priority: 3, deliveries: 1, failures: 0 })
  expect(delivery.receipt).toMatch(new RegExp(`^${id}\\.[A-Za-z0-9_-]{8}$`))
  expect(delivery.visibleForMs).toBeLessThanOrEqual(20_000)
  expect(delivery.visibleForMs).toBeGreaterThan(0)
  const [seconds] = await harness.redis.time()
  expect(Math.abs(delivery.sentAtMs / 1_000 - Number(seconds))).toBeLessThan(60)
  expect(delivery).not.toHaveProperty('group')
})

it('a message is delivered to one of many receivers', async () => {
  const queue = testQueue(harness)
  await queue.send(...Array.from({ length: 10 }, (_, i) => `${i}`))

  const replies = await Promise.all(Array.from({ length: 20 }, () => queue.texts(1)))

  expect(replies.flat().sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
})

it('an acknowledged message is gone, with everything of it', async () => {
  const queue = testQueue(harness)
  await queue.send('a')
  const delivery = await queue.take()

  expect(await queue.ack(delivery)).toBe('acked')

  expect(await queue.keys()).toEqual(['stat'])
  expect(await queue.stat()).toMatchObject({ bytes: '0', sent: '1', delivered: '1', acked: '1' })
  expect(await queue.ack(delivery)).toBe('gone')
  expect(await queue.release(delivery)).toBe('gone')
})

it('the receipt of a message that was discarded, or that expired, is gone', async () => {
  const queue = testQueue(harness, { retentionMs: 60_000 })
  await queue.send('discarded', 'expired')
  const [discarded, expired] = (await queue.receive({ limit: 2 })).deliveries
  await queue.settle({ kind: 'nack', receipt: discarded!.receipt, dead: true })
  await queue.discard(discarded!.id)
  await queue.release(expired!)
  harness.advance(60_001)
  expect(await queue.texts()).toEqual([])

  for (const delivery of [discarded!, expired!]) expect(await queue.ack(delivery)).toBe('gone')
})

it('when its visibility ends a message fails once and is ready at once, in its old place', async () => {
  const queue = testQueue(harness, { visibilityMs: 10_000 })
  await queue.send('a', 'b')
  await queue.take()
  harness.advance(10_001)

  const { deliveries, met } = await queue.receive({ limit: 2 })

  expect(deliveries).toMatchObject([
    { body: Buffer.from('a'), deliveries: 2, failures: 1 },
    { body: Buffer.from('b'), deliveries: 1, failures: 0 },
  ])
  expect(met).toEqual({ expired: 0, timedOut: 1, dead: 0, dropped: 0 })
  expect(await queue.stat()).toMatchObject({ timedOut: '1' })
})

it('a late ack counts until the message is delivered again; every other late settle is stale', async () => {
  const queue = testQueue(harness, { visibilityMs: 10_000 })
  await queue.send('a', 'b', 'c')
  const late = (await queue.receive({ limit: 3 })).deliveries as [never, never, never]
  harness.advance(10_001)

  expect(await queue.ack(late[0])).toBe('acked')
  for (const settle of [queue.nack, queue.release]) expect(await settle(late[1])).toBe('stale')
  expect(await queue.extend(late[1], 60_000)).toBe('stale')
  // The end of the visibility is noted now, and takes no receipt back.
  const [again] = (await queue.receive({ limit: 1 })).deliveries as [never]
  expect(await queue.nack(late[2])).toBe('stale')
  expect(await queue.ack(late[2])).toBe('acked')

  expect(await queue.ack(late[1])).toBe('stale')
  expect(await queue.ack(again)).toBe('acked')
  expect(await queue.stat()).toMatchObject({ acked: '3', bytes: '0' })
  expect(await queue.keys()).toEqual(['stat'])
})

it('a nack waits for its delay, counts a failure and takes the receipt back', async () => {
  const queue = testQueue(harness)
  await queue.send('a')
  const delivery = await queue.take()

  expect(await queue.nack(delivery, { delayMs: 600_000 })).toBe('retrying')

  for (const settle of [queue.ack, queue.nack, queue.release]) {
    expect(await settle(delivery)).toBe('stale')
  }
  harness.advance(300_000)
  expect(await queue.receive()).toMatchObject({ deliveries: [] })
  harness.advance(300_001)
  expect(await queue.take()).toMatchObject({ deliveries: 2, failures: 1 })
  expect(await queue.stat()).toMatchObject({ retried: '1' })
})

it('a nack with a delay of 0 is ready at once', async () => {
  const queue = testQueue(harness)
  await queue.send('a', 'b')
  await queue.nack(await queue.take(), { delayMs: 0 })
  expect(await queue.texts()).toEqual(['a', 'b'])
})

it('a nack without a delay waits for a random time that doubles up to a bound', async () => {
  const queue = testQueue(harness, { maxFailures: 0, backoff: { baseMs: 1_000, maxMs: 4_000 } })
  await queue.send(...Array.from({ length: 60 }, (_, i) => `${i}`))
  /** The time of the scripts: a new queue begins its ids with it. */
  const nowMs = async () =>
    Number.parseInt((await testQueue(harness).send('a'))[0] as string, 36) / 128

  for (const longestMs of [1_000, 2_000, 4_000, 4_000]) {
    const { deliveries } = await queue.receive({ limit: 60 })
    expect(deliveries).toHaveLength(60)
    const before = await nowMs()
    await queue.settle(
      ...deliveries.map(({ receipt }) => ({ kind: 'nack', receipt, dead: false }) as const),
    )
    const after = await nowMs()
    const scores = await harness.redis.zrange(queue.key('delayed'), '0', '-1', 'WITHSCORES')
    const due = scores.filter((_, i) => i % 2 === 1).map((us) => Number(us) / 1_000)
    expect(due).toHaveLength(60)
    expect(Math.min(...due)).toBeGreaterThanOrEqual(before + 1)
    expect(Math.max(...due)).toBeLessThan(after + 1 + longestMs)
    expect(Math.max(...due) - Math.min(...due)).toBeGreaterThan(longestMs / 2)
    harness.advance(longestMs)
  }
})

it('a release is ready at once without a failure, and takes the receipt back', async () => {
  const queue = testQueue(harness)
  await queue.send('a', 'b')
  const delivery = await queue.take()

  expect(await queue.release(delivery)).toBe('released')

  expect(await queue.counts()).toMatchObject({ ready: 2, leased: 0 })
  expect(await queue.ack(delivery)).toBe('stale')
  expect(await queue.take()).toMatchObject({ body: Buffer.from('a'), deliveries: 2, failures: 0 })
  expect(await queue.stat()).toMatchObject({ released: '1' })
})

it('an extension counts from now, and never shortens', async () => {
  const queue = testQueue(harness, { visibilityMs: 600_000 })
  await queue.send('a')
  const delivery = await queue.take()
  harness.advance(400_000)

  expect(await queue.extend(delivery, 1_800_000)).toBe('extended')
  expect(await queue.extend(delivery, 1_000)).toBe('extended')

  harness.advance(1_500_000)
  expect((await queue.receive()).deliveries).toEqual([])
  expect(await queue.extend(delivery, 500_000)).toBe('extended')
  harness.advance(500_001)
  expect((await queue.receive()).deliveries).toHaveLength(1)
})

it('a delivery lasts at most 12 hours', async () => {
  const hourMs = 3_600_000
  const queue = testQueue(harness)
  await queue.send('a')
  const delivery = await queue.take({ visibilityMs: 12 * hourMs })
  harness.advance(hourMs)

  expect(await queue.extend(delivery, 11 * hourMs + 1_000)).toBe('stale')
  expect(await queue.extend(delivery, 10 * hourMs)).toBe('extended')
  expect(await queue.ack(delivery)).toBe('acked')
  harness.advance(-hourMs)
})

it('settles a list of receipts in order, each by itself', async () => {
  const queue = testQueue(harness)
  await queue.send('a', 'b', 'c', 'd', 'e')
  const [a, b, c, d, e] = (await queue.receive({ limit: 5 })).deliveries.map((one) => one.receipt)

  const statuses = await queue.settle(
    { kind: 'ack', receipt: a! },
    { kind: 'nack', receipt: b!, dead: false, error: 'not now\nor ever' },
    { kind: 'nack', receipt: c!, dead: true },
    { kind: 'extend', receipt: d!, visibilityMs: 60_000 },
    { kind: 'release', receipt: e! },
    { kind: 'ack', receipt: a! },
    { kind: 'ack', receipt: `${b!.slice(0, -8)}aaaaaaaa` },
    { kind: 'ack', receipt: '1.aaaaaaaa' },
  )

  expect(statuses).toEqual([
    'acked',
    'retrying',
    'dead',
    'extended',
    'released',
    'gone',
    'stale',
    'gone',
  ])
})

it.each(['by a nack', 'by time'])(
  'becomes a dead letter with its last failure, %s',
  async (how) => {
    const queue = testQueue(harness, { maxFailures: 2, visibilityMs: 10_000 })
    await queue.send('a', 'b')
    const fail = async () => {
      const delivery = await queue.take()
      if (how === 'by time') harness.advance(10_001)
      else await queue.nack(delivery, { delayMs: 0 })
      return delivery
    }

    await fail()
    const last = await fail()

    expect(await queue.texts()).toEqual(['b'])
    expect(await queue.stat()).toMatchObject({ dead: '1' })
    expect(await harness.redis.zrange(queue.key('dead'), '0', '-1')).toHaveLength(1)
    // Its end came before its acknowledgement.
    expect(await queue.ack(last)).toBe('stale')
  },
)

it('a queue with maxFailures 0 has no dead letters', async () => {
  const queue = testQueue(harness, { maxFailures: 0 })
  await queue.send('a')
  for (let i = 1; i <= 150; i++) {
    const delivery = await queue.take()
    expect(delivery.failures).toBe(i - 1)
    expect(await queue.nack(delivery, { delayMs: 0 })).toBe('retrying')
  }
  const delivery = await queue.take()
  expect(await queue.settle({ kind: 'nack', receipt: delivery.receipt, dead: true })).toEqual([
    'dead',
  ])
})

it('drops what is older than its retention, counted from when it was first ready', async () => {
  const queue = testQueue(harness, { retentionMs: 60_000 })
  await queue.send('old', { text: 'delayed', delayMs: 30_000 })
  await queue.nack(await queue.take(), { delayMs: 0 })
  harness.advance(60_001)

  const { deliveries, met } = await queue.receive({ limit: 2 })

  expect(deliveries.map(({ body }) => String(body))).toEqual(['delayed'])
  expect(met.expired).toBe(1)
  expect(await queue.stat()).toMatchObject({ expired: '1', bytes: '12' })
  expect(await harness.redis.hlen(queue.key('msg'))).toBe(1)
})

it('deletes at most 16 more messages than it may deliver, and then says to ask again', async () => {
  const queue = testQueue(harness, { retentionMs: 60_000 })
  await queue.sendAll(Array.from({ length: 40 }, () => ({})))
  harness.advance(60_001)

  for (const [limit, expired] of [
    [1, 17],
    [2, 18],
  ] as const) {
    const reply = await queue.receive({ limit })
    expect(reply).toMatchObject({ deliveries: [], nextMs: 0, met: { expired } })
  }
  expect(await queue.receive({ limit: 10 })).toMatchObject({ nextMs: undefined })
})

it('ends before the bodies exceed 256 KiB, but delivers a larger one alone', async () => {
  const queue = testQueue(harness)
  const text = 'x'.repeat(100 * 1024)
  await queue.send({ text: text.repeat(5), priority: 1 }, text, text, text)

  expect(await queue.receive({ limit: 10 })).toMatchObject({ deliveries: [{}], nextMs: 0 })
  expect(await queue.receive({ limit: 10 })).toMatchObject({ deliveries: [{}, {}], nextMs: 0 })
  expect((await queue.receive({ limit: 10 })).deliveries).toHaveLength(1)
})

it('says when a message is ready next: the first of those delayed or leased', async () => {
  const queue = testQueue(harness)
  await queue.send({ delayMs: 500_000 }, 'a')
  expect(await queue.receive({ limit: 2, visibilityMs: 200_000 })).toMatchObject({
    deliveries: [{ body: Buffer.from('a') }],
    nextMs: expect.closeTo(200_000, -2),
  })
  harness.advance(300_000)
  const { nextMs } = await queue.receive({ limit: 2, visibilityMs: 300_000 })
  expect(nextMs).toBeGreaterThan(150_000)
  expect(nextMs).toBeLessThanOrEqual(200_000)
})

it('makes at most 16 more messages ready than it delivers, and then says to ask again', async () => {
  const queue = testQueue(harness, { visibilityMs: 100_000 })
  await queue.send(...Array.from({ length: 40 }, (_, i) => ({ text: `${i}`, delayMs: 1_000 })))
  harness.advance(1_001)

  expect(await queue.receive()).toMatchObject({ nextMs: 0 })
  expect(await harness.redis.zcard(queue.key('delayed'))).toBe(40 - 17)
  await queue.receive({ limit: 24 })
  expect(await harness.redis.zcard(queue.key('delayed'))).toBe(0)

  harness.advance(100_001)
  expect(await queue.receive({ limit: 2 })).toMatchObject({ met: { timedOut: 18 } })
})

it('a paused queue delivers nothing, and goes on with the rest', async () => {
  const queue = testQueue(harness)
  await queue.send('a')
  const delivery = await queue.take()
  queue.configure({ paused: true })

  await queue.send('b', { text: 'c', delayMs: 60_000 })
  expect(await queue.receive({ limit: 2 })).toMatchObject({ deliveries: [], nextMs: undefined })
  expect(await queue.ack(delivery)).toBe('acked')
  harness.advance(60_001)
  expect(await queue.counts()).toMatchObject({ ready: 2, delayed: 0 })

  queue.configure({})
  expect(await queue.texts()).toEqual(['b', 'c'])
})
