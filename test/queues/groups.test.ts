import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { type TestMessage, type TestQueue, testQueue } from './stores.js'

const harness = useHarness()

const inGroup =
  (group: string) =>
  (...texts: string[]): TestMessage[] =>
    texts.map((text) => ({ text, group }))
const a = inGroup('a')
const b = inGroup('b')

const textsOf = (items: readonly { body: Buffer }[]) => items.map(({ body }) => String(body))

/** Every message in the order in which the queue gives it out, each acknowledged. */
async function drain(queue: TestQueue): Promise<string[]> {
  const texts: string[] = []
  for (;;) {
    const { deliveries } = await queue.receive({ limit: 1 })
    if (deliveries.length === 0) return texts
    texts.push(...textsOf(deliveries))
    await queue.ack(deliveries[0]!)
  }
}

it('one message of a group is out at a time, in the order sent', async () => {
  const queue = testQueue(harness)
  await queue.send(...a('a1', 'a2'), ...b('b1'), 'none', ...a('a3'), ...b('b2'))

  const { deliveries } = await queue.receive({ limit: 10 })

  expect(textsOf(deliveries)).toEqual(['a1', 'b1', 'none'])
  expect(deliveries.map(({ group }) => group)).toEqual(['a', 'b', undefined])
  expect(textsOf(await queue.look('blocked'))).toEqual(['a2', 'a3', 'b2'])

  await queue.ack(deliveries[0]!)
  expect(await queue.texts()).toEqual(['a2'])
  await queue.ack(deliveries[1]!)
  expect(await queue.texts()).toEqual(['b2'])
})

it('keeps the order within one send and between groups whose names begin alike', async () => {
  const queue = testQueue(harness)
  await queue.sendAll([
    ...a('a1', 'a2', 'a3'),
    ...inGroup('ab')('ab1', 'ab2'),
    ...inGroup('é')('é1', 'é2'),
  ])

  expect(await drain(queue)).toEqual(['a1', 'a2', 'a3', 'ab1', 'ab2', 'é1', 'é2'])
  expect(await queue.keys()).toEqual(['stat'])
})

it('the group waits while its head backs off', async () => {
  const queue = testQueue(harness)
  await queue.send(...a('a1', 'a2'))
  await queue.nack(await queue.take(), { delayMs: 60_000 })

  expect((await queue.receive()).deliveries).toEqual([])
  harness.advance(60_001)

  expect(await drain(queue)).toEqual(['a1', 'a2'])
})

it('a head that is released, or whose visibility ends, stays the head', async () => {
  const queue = testQueue(harness, { visibilityMs: 10_000 })
  await queue.send(...a('a1', 'a2'))
  await queue.release(await queue.take())
  expect(await queue.texts()).toEqual(['a1'])
  harness.advance(10_001)
  expect(await drain(queue)).toEqual(['a1', 'a2'])
})

it.each([
  ['a nack that ends retries', (queue: TestQueue) => deadBy(queue, 'nack')],
  ['a failure too many', (queue: TestQueue) => deadBy(queue, 'failures')],
  ['the end of its retention', async () => harness.advance(60_001)],
  [
    'a purge of what is leased',
    async (queue: TestQueue) => {
      await queue.take()
      expect(await queue.purge('leased')).toBe(1)
    },
  ],
])('%s moves the group on', async (_, end) => {
  const queue = testQueue(harness, { maxFailures: 1, retentionMs: 60_000 })
  await queue.send(...a('a1', 'a2', 'a3'))

  await end(queue)

  expect(await drain(queue)).toEqual(['a2', 'a3'])
})

async function deadBy(queue: TestQueue, how: 'nack' | 'failures'): Promise<void> {
  const { receipt } = await queue.take()
  const settled = await queue.settle({ kind: 'nack', receipt, dead: how === 'nack', delayMs: 0 })
  expect(settled).toEqual(['dead'])
}

it('retention of a message behind others counts from when it is the head', async () => {
  const queue = testQueue(harness, { retentionMs: 600_000, visibilityMs: 500_000 })
  await queue.send(...a('a1', 'a2'))
  const head = await queue.take()
  harness.advance(400_000)
  await queue.ack(head)
  harness.advance(500_000)
  expect(await queue.texts()).toEqual(['a2'])
})

it('the priority of a group is that of its head', async () => {
  const queue = testQueue(harness)
  await queue.send(
    { text: 'low', group: 'a' },
    { text: 'high', group: 'a', priority: 9 },
    'other',
    { text: 'middle', priority: 1 },
  )

  expect(await drain(queue)).toEqual(['middle', 'low', 'high', 'other'])
})

it('a redriven message takes its place before a younger head that is ready', async () => {
  const queue = testQueue(harness, { maxFailures: 1 })
  await queue.send(...a('a1', 'a2', 'a3'))
  await deadBy(queue, 'nack')

  expect(await queue.redrive({ count: 1 })).toMatchObject({ full: false })

  expect(textsOf(await queue.look('blocked'))).toEqual(['a2', 'a3'])
  expect(await drain(queue)).toEqual(['a1', 'a2', 'a3'])
})

it.each(['leased', 'delayed'])(
  'a redriven message waits behind a head that is %s',
  async (state) => {
    const queue = testQueue(harness)
    await queue.send(...a('a1', 'a2', 'a3'))
    await deadBy(queue, 'nack')
    const head = await queue.take()
    if (state === 'delayed') await queue.nack(head, { delayMs: 60_000 })

    await queue.redrive({ count: 1 })
    expect((await queue.receive()).deliveries).toEqual([])

    if (state === 'leased') await queue.release(head)
    else harness.advance(60_001)
    expect(await drain(queue)).toEqual(['a2', 'a1', 'a3'])
  },
)

it('a redriven message that is younger than the head that is ready waits behind it', async () => {
  const queue = testQueue(harness, { maxFailures: 1 })
  await queue.send(...a('a1', 'a2'))
  await deadBy(queue, 'nack')
  await deadBy(queue, 'nack')
  const ids = (await queue.look('dead')).map(({ id }) => id)

  await queue.redrive({ ids: [ids[0]!] })
  await queue.redrive({ ids: [ids[1]!] })

  expect(textsOf(await queue.look('blocked'))).toEqual(['a2'])
  expect(await drain(queue)).toEqual(['a1', 'a2'])
})

it('a late ack of a head that a redriven message displaced counts, and moves nothing else', async () => {
  const queue = testQueue(harness, { visibilityMs: 100_000 })
  await queue.send(...a('a1', 'a2', 'a3'))
  await deadBy(queue, 'nack')
  const late = await queue.take()
  await queue.send({ text: 'other', priority: 9 })
  harness.advance(100_001)
  // This receive notes that the visibility of a2 has ended.
  expect(await queue.texts(1)).toEqual(['other'])
  await queue.redrive({ count: 1 })
  expect(textsOf(await queue.look('blocked'))).toEqual(['a2', 'a3'])

  expect(await queue.ack(late)).toBe('acked')

  expect(await drain(queue)).toEqual(['a1', 'a3'])
})
