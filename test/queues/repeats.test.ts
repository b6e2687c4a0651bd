import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { keyOf, testQueue } from './stores.js'

const harness = useHarness()

it('a repeated send gets the first answer and adds nothing', async () => {
  const queue = testQueue(harness)
  const first = await queue.sendAll([{ text: 'a' }, { text: 'b' }], keyOf('k'))
  await queue.texts()

  const again = await queue.sendAll([{ text: 'a' }, { text: 'b' }], keyOf('k'))

  expect(first).toMatchObject({ kind: 'sent', replayed: false })
  expect(again).toEqual({ ...first, replayed: true })
  expect(await queue.stat()).toMatchObject({ sent: '2' })
})

it('a key of another request is refused', async () => {
  const queue = testQueue(harness)
  await queue.sendAll([{ text: 'a' }], keyOf('sent', 'a'))
  await queue.receive({}, keyOf('received', 'a'))
  await queue.sendAll([{ text: 'b' }])
  await queue.receive({}, keyOf('got', 'a'))

  expect(await queue.sendAll([{ text: 'b' }], keyOf('sent', 'b'))).toEqual({ kind: 'conflict' })
  const { deliveries, queue: it_ } = queue
  expect(await deliveries.receive(it_, { limit: 1 }, keyOf('got', 'b'))).toEqual({
    kind: 'conflict',
  })
})

it('the record of a send, and of a receive, ends with its time', async () => {
  const queue = testQueue(harness)
  await queue.sendAll([{}], keyOf('sent', '', 60_000))
  await queue.receive({}, keyOf('received', '', 70_000))
  for (const [key, most] of [
    ['sent', 60_000],
    ['received', 70_000],
  ] as const) {
    const left = await harness.redis.pttl(queue.key(`record:${key}`))
    expect(left).toBeGreaterThan(most - 50_000)
    expect(left).toBeLessThanOrEqual(most)
  }
})

it('a refused send leaves no record', async () => {
  const queue = testQueue(harness, { capacity: 1 })
  await queue.send('a')
  expect(await queue.sendAll([{}], keyOf('k'))).toMatchObject({ kind: 'full' })
  await queue.ack(await queue.take())
  expect(await queue.sendAll([{}], keyOf('k'))).toMatchObject({ kind: 'sent', replayed: false })
})

it('a repeated receive gets the same receipts, and leases nothing else', async () => {
  const queue = testQueue(harness, { visibilityMs: 20_000 })
  await queue.send('a', 'b', 'c')
  const first = await queue.receive({ limit: 2 }, keyOf('k'))
  harness.advance(5_000)

  const again = await queue.receive({ limit: 2 }, keyOf('k'))

  expect(first).toMatchObject({ replayed: false })
  expect(again).toMatchObject({ replayed: true, deliveries: [{}, {}] })
  for (const [at, { visibleForMs, ...rest }] of again.deliveries.entries()) {
    const { visibleForMs: before, ...one } = first.deliveries[at]!
    expect(rest).toEqual(one)
    expect(visibleForMs).toBeLessThanOrEqual(before - 4_000)
    expect(visibleForMs).toBeGreaterThan(0)
  }
  expect(await queue.texts()).toEqual(['c'])
})

it('a repeated receive gets only what stands under the first receipts and has time left', async () => {
  const queue = testQueue(harness, { visibilityMs: 20_000 })
  await queue.send('acked', 'nacked', 'overdue', 'extended', 'taken')
  const { deliveries } = await queue.receive({ limit: 5 }, keyOf('k'))
  await queue.ack(deliveries[0]!)
  await queue.nack(deliveries[1]!, { delayMs: 60_000 })
  await queue.extend(deliveries[3]!, 90_000)
  await queue.release(deliveries[4]!)
  await queue.take({ visibilityMs: 60_000 })
  harness.advance(20_001)

  const again = await queue.receive({ limit: 5 }, keyOf('k'))

  expect(again.deliveries.map(({ body }) => String(body))).toEqual(['extended'])
  // It is overdue, and another receive gets it.
  expect(await queue.texts()).toEqual(['overdue'])
})

it('a repeated receive gets them of a paused queue as well, and no others', async () => {
  const queue = testQueue(harness)
  await queue.send('a', 'b')
  const first = await queue.receive({}, keyOf('k'))
  queue.configure({ paused: true })

  const again = await queue.receive({}, keyOf('k'))

  expect(again.deliveries.map(({ receipt }) => receipt)).toEqual([first.deliveries[0]?.receipt])
  expect(await queue.receive({}, keyOf('other'))).toMatchObject({ deliveries: [], replayed: false })
  const { deliveries, queue: it_ } = queue
  const other = await deliveries.receive(it_, { limit: 1 }, keyOf('k', 'another request'))
  expect(other).toEqual({ kind: 'conflict' })
})

it('an empty receive is not remembered', async () => {
  const queue = testQueue(harness)
  expect((await queue.receive({}, keyOf('k'))).deliveries).toEqual([])
  await queue.send('a')
  expect(await queue.receive({}, keyOf('k'))).toMatchObject({ replayed: false, deliveries: [{}] })
})

it('a dedup id that was seen gets the first id, and adds nothing', async () => {
  const queue = testQueue(harness)
  const [id] = await queue.send({ text: 'a', dedupId: 'd' })

  const again = await queue.sendAll([
    { text: 'again', dedupId: 'd' },
    { text: 'b', dedupId: 'other' },
  ])

  expect(again).toMatchObject({
    ready: 2,
    messages: [
      { id, duplicate: true },
      { id: expect.not.stringMatching(`^${id}$`), duplicate: false },
    ],
  })
  expect(await queue.texts()).toEqual(['a', 'b'])
  expect(await queue.stat()).toMatchObject({ sent: '2', duplicates: '1' })
})

it('a dedup id counts within one send', async () => {
  const queue = testQueue(harness)
  const reply = await queue.sendAll([
    { text: 'a', dedupId: 'd' },
    { text: 'b' },
    { text: 'c', dedupId: 'd' },
  ])
  if (reply.kind !== 'sent') throw new Error()
  expect(reply.messages.map(({ duplicate }) => duplicate)).toEqual([false, false, true])
  expect(reply.messages[2]?.id).toBe(reply.messages[0]?.id)
  expect(await queue.texts()).toEqual(['a', 'b'])
})

it('duplicates are found before the capacity is checked', async () => {
  const queue = testQueue(harness, { capacity: 2 })
  await queue.send({ dedupId: 'd' })
  expect(await queue.sendAll([{ dedupId: 'd' }, { dedupId: 'e' }, { dedupId: 'e' }])).toMatchObject(
    {
      messages: [{ duplicate: true }, { duplicate: false }, { duplicate: true }],
    },
  )
})

it('duplicates are found in a queue that has more than its bounds allow by now', async () => {
  const queue = testQueue(harness, { capacity: 2 })
  await queue.send({ dedupId: 'd' }, {})
  queue.configure({ capacity: 1 })
  expect(await queue.sendAll([{ dedupId: 'd' }])).toMatchObject({ messages: [{ duplicate: true }] })
})

it('a refused send remembers no dedup id', async () => {
  const queue = testQueue(harness, { capacity: 1 })
  await queue.sendAll([{ dedupId: 'd' }, {}])
  expect(await queue.sendAll([{ dedupId: 'd' }])).toMatchObject({
    messages: [{ duplicate: false }],
  })
})

it('a dedup id counts for its window, also after the message was settled', async () => {
  const queue = testQueue(harness, { dedupWindowMs: 60_000 })
  await queue.send({ dedupId: 'd' })
  await queue.ack(await queue.take())
  expect(await queue.sendAll([{ dedupId: 'd' }])).toMatchObject({ messages: [{ duplicate: true }] })

  const [key] = (await queue.keys()).filter((name) => name.startsWith('dedup:'))
  const left = await harness.redis.pttl(queue.key(key!))
  expect(left).toBeGreaterThan(10_000)
  expect(left).toBeLessThanOrEqual(60_000)
  await harness.redis.unlink(queue.key(key!))
  expect(await queue.sendAll([{ dedupId: 'd' }])).toMatchObject({
    messages: [{ duplicate: false }],
  })
})
