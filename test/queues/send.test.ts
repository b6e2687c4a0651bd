import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { testQueue } from './stores.js'

const harness = useHarness()

const NONE = { expired: 0, timedOut: 0, dead: 0, dropped: 0 }

const numberOf = (id: string) => Number.parseInt(id, 36)

it('answers ids that grow, and how many messages are ready', async () => {
  const queue = testQueue(harness)

  const first = await queue.sendAll([{ text: 'a' }, { text: 'b' }])
  const second = await queue.sendAll([{ text: 'c' }])

  expect(first).toMatchObject({ kind: 'sent', ready: 2, replayed: false, met: NONE })
  expect(second).toMatchObject({ kind: 'sent', ready: 3 })
  if (first.kind !== 'sent' || second.kind !== 'sent') throw new Error()
  const ids = [...first.messages, ...second.messages]
  expect(ids.map(({ duplicate }) => duplicate)).toEqual([false, false, false])
  const numbers = ids.map(({ id }) => numberOf(id))
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  expect(new Set(numbers).size).toBe(3)
})

it('keeps ids at least at the clock, and above the last one when the clock is set back', async () => {
  const queue = testQueue(harness)
  const [id] = (await queue.send('a')) as [string]
  const [seconds] = await harness.redis.time()
  expect(Math.abs(numberOf(id) / 128 / 1_000 - Number(seconds))).toBeLessThan(60)
  expect(numberOf(id)).toBeLessThan(2 ** 49)

  harness.advance(-3_600_000)
  const later = await queue.send('b', 'c')
  harness.advance(3_600_000)

  expect(later.map(numberOf)).toEqual([numberOf(id) + 1, numberOf(id) + 2])
})

it('stores bytes of every encoding with their headers', async () => {
  const queue = testQueue(harness)
  const bytes = Buffer.from([0, 1, 255, 13, 10, 0])
  await queue.messages.send(queue.queue, [
    {
      body: bytes,
      encoding: 'base64',
      priority: 0,
      delayMs: 0,
      headers: { 'content-type': 'image/é' },
    },
    { body: Buffer.from('{"a":1}'), encoding: 'json', priority: 0, delayMs: 0, headers: {} },
    { body: Buffer.alloc(0), encoding: 'text', priority: 0, delayMs: 0, headers: {} },
  ])

  const { deliveries } = await queue.receive({ limit: 3 })

  expect(deliveries).toMatchObject([
    { body: bytes, encoding: 'base64', headers: { 'content-type': 'image/é' } },
    { body: Buffer.from('{"a":1}'), encoding: 'json', headers: {} },
    { body: Buffer.alloc(0), encoding: 'text', headers: {} },
  ])
})

it('delivers higher priorities first, and older messages first within one', async () => {
  const queue = testQueue(harness)
  await queue.send(
    { text: 'normal 1' },
    { text: 'high 1', priority: 9 },
    { text: 'normal 2' },
    { text: 'middle', priority: 5 },
    { text: 'high 2', priority: 9 },
  )

  expect(await queue.texts()).toEqual(['high 1', 'high 2', 'middle', 'normal 1', 'normal 2'])
})

it('a delayed message is ready after its delay, in the place of its id', async () => {
  const queue = testQueue(harness, { visibilityMs: 600_000 })
  await queue.send({ text: 'delayed', delayMs: 60_000 }, 'now', 'later')
  expect(await queue.texts(1)).toEqual(['now'])

  harness.advance(60_001)

  expect(await queue.texts()).toEqual(['delayed', 'later'])
})

it('a delayed message is not ready before its delay has ended', async () => {
  const queue = testQueue(harness)
  await queue.send({ text: 'delayed', delayMs: 60_000 })

  const { deliveries, nextMs } = await queue.receive()

  expect(deliveries).toEqual([])
  expect(nextMs).toBeGreaterThan(0)
  expect(nextMs).toBeLessThanOrEqual(60_000)
})

it.each(['capacity', 'bytes'] as const)(
  'refuses a send above the limit of %s, as a whole',
  async (limit) => {
    const queue = testQueue(harness, limit === 'capacity' ? { capacity: 3 } : { maxBytes: 40 })
    await queue.send({ text: '0123456789' }, { text: '0123456789' })
    const before = await queue.stat()

    const full = await queue.sendAll([{ text: '0123456789' }, { text: '0123456789' }])

    expect(full).toEqual({ kind: 'full', limit, met: NONE })
    expect(await queue.stat()).toEqual(before)
    expect(await queue.texts()).toHaveLength(2)
  },
)

it('leased and delayed messages count towards the capacity, acknowledged ones do not', async () => {
  const queue = testQueue(harness, { capacity: 2 })
  await queue.send({ delayMs: 60_000 }, 'b')
  const delivery = await queue.take()
  expect(await queue.sendAll([{}])).toMatchObject({ kind: 'full' })

  await queue.ack(delivery)

  expect(await queue.sendAll([{}])).toMatchObject({ kind: 'sent' })
})

it('a full queue deletes messages whose retention is over, of each priority', async () => {
  const queue = testQueue(harness, { capacity: 3, retentionMs: 60_000 })
  await queue.send({ priority: 9 }, 'old', { text: 'young', delayMs: 50_000 })
  harness.advance(61_000)

  expect(await queue.sendAll([{}, {}, {}])).toEqual({
    kind: 'full',
    limit: 'capacity',
    met: { ...NONE, expired: 2 },
  })
  expect(await queue.stat()).toMatchObject({ expired: '2' })
  expect(await queue.sendAll([{ text: 'new' }])).toMatchObject({
    kind: 'sent',
    met: NONE,
    ready: 2,
  })
  expect(await queue.texts()).toEqual(['young', 'new'])
})

it('counts what is due as ready, before a receive makes it so', async () => {
  const queue = testQueue(harness, { visibilityMs: 60_000 })
  await queue.send('leased', { delayMs: 60_000 })
  await queue.take()
  expect(await queue.sendAll([{}])).toMatchObject({ ready: 1 })
  harness.advance(60_001)
  expect(await queue.sendAll([{}])).toMatchObject({ ready: 4 })
  expect(await queue.counts()).toMatchObject({ ready: 4 })
})
