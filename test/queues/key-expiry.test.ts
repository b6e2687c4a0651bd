import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { queueDriver } from './driver.js'
import { type TestQueue, testQueue } from './stores.js'

const harness = useHarness()

const SETTINGS = { retentionMs: 3_600_000, deadRetentionMs: 7_200_000, maxFailures: 1 }
const KEEP_MS = SETTINGS.retentionMs + SETTINGS.deadRetentionMs
const DAY_MS = 86_400_000

/** The moment at which the keys of the queue end, which is one. */
async function endOf(queue: TestQueue): Promise<number> {
  const parts = await queue.keys()
  const ends = await Promise.all(parts.map((part) => harness.redis.pexpiretime(queue.key(part))))
  expect(new Set(ends).size, parts.join()).toBe(1)
  return ends[0]!
}

async function leftOf(queue: TestQueue): Promise<number> {
  const [seconds] = (await harness.redis.time()).map(Number)
  return (await endOf(queue)) - seconds! * 1_000
}

/** As if most of their time had passed. */
async function age(queue: TestQueue, leftMs: number): Promise<void> {
  const [seconds] = (await harness.redis.time()).map(Number)
  const at = seconds! * 1_000 + leftMs
  for (const part of await queue.keys()) await harness.redis.pexpireat(queue.key(part), at)
}

it('all keys of a queue end at one moment, after what they hold could end', async () => {
  const queue = testQueue(harness, SETTINGS)
  await queue.send(
    'a',
    { text: 'b', priority: 9 },
    { delayMs: 1_000 },
    { group: 'g' },
    { group: 'g' },
  )
  const first = await endOf(queue)
  await queue.take()
  const delivery = await queue.take()
  expect(await queue.nack(delivery)).toBe('dead')
  await queue.send('c')

  expect(await queue.keys()).toEqual([
    'behind',
    'body',
    'dead',
    'delayed',
    'heads',
    'leased',
    'msg',
    'ready',
    'stat',
  ])
  expect(await endOf(queue)).toBe(first)
  expect(await leftOf(queue)).toBeGreaterThan(KEEP_MS)
})

it('a queue that was emptied ends when it would have', async () => {
  const queue = testQueue(harness, SETTINGS)
  await queue.send('a')
  const first = await endOf(queue)
  await queue.ack(await queue.take())
  expect(await queue.keys()).toEqual(['stat'])
  await queue.send('b')
  expect(await queue.keys()).toEqual(['body', 'msg', 'ready', 'stat'])
  expect(await endOf(queue)).toBe(first)
})

it.each([
  ['a send', (queue: TestQueue) => queue.send('b')],
  ['a receive', (queue: TestQueue) => queue.receive()],
  ['an acknowledgement', async (queue: TestQueue) => queue.ack(await queue.take())],
  ['a redrive', async (queue: TestQueue) => queue.redrive({ count: 1 })],
  [
    'a discard',
    async (queue: TestQueue) => {
      const [letter] = await queue.look('dead')
      await queue.discard(letter!.id)
    },
  ],
  ['a purge', (queue: TestQueue) => queue.purge('ready')],
])('%s renews all of them when less than the half is left', async (_, call) => {
  const queue = testQueue(harness, SETTINGS)
  await queue.send('dead', 'a', { delayMs: 1_000 })
  await queue.nack(await queue.take())
  await age(queue, KEEP_MS - 60_000)

  await call(queue)

  expect(await leftOf(queue)).toBeGreaterThan(2 * KEEP_MS - 60_000)
})

it('a call does not renew them before that', async () => {
  const queue = testQueue(harness, SETTINGS)
  await queue.send('a')
  await age(queue, KEEP_MS + 60_000)
  const before = await endOf(queue)
  await queue.take()
  await queue.send('b')
  expect(await endOf(queue)).toBe(before)
})

it('an empty receive renews nothing', async () => {
  const queue = testQueue(harness, SETTINGS)
  await queue.send('a')
  await queue.ack(await queue.take())
  await age(queue, 60_000)
  await queue.receive()
  expect(await leftOf(queue)).toBeLessThan(120_000)
})

it.each([
  ['a delayed message', 30 * DAY_MS, (queue: TestQueue) => queue.send({ delayMs: 30 * DAY_MS })],
  ['a lease', DAY_MS / 2, (queue: TestQueue) => queue.take({ visibilityMs: DAY_MS / 2 })],
  [
    'an extension',
    DAY_MS / 4,
    async (queue: TestQueue) => queue.extend(await queue.take(), DAY_MS / 4),
  ],
  [
    'a retry',
    20 * DAY_MS,
    async (queue: TestQueue) => {
      queue.configure({ ...SETTINGS, maxFailures: 5 })
      await queue.nack(await queue.take(), { delayMs: 20 * DAY_MS })
    },
  ],
])('they outlive %s', async (_, deadlineMs, call) => {
  const queue = testQueue(harness, SETTINGS)
  await queue.send('a')

  await call(queue)

  expect(await leftOf(queue)).toBeGreaterThan(deadlineMs + KEEP_MS - 60_000)
})

it.each(['put', 'patch'] as const)(
  'a %s of a longer retention keeps what no further call meets',
  async (method) => {
    const { at, put, sendBodies } = queueDriver(harness, `quiet-${method}`)
    await put({ retentionMs: 60_000, deadRetentionMs: 60_000 }).expect(201)
    await sendBodies(1)
    const body = { retentionMs: 30 * DAY_MS, paused: true }

    await harness.request(method, at).send(body).expect(200)

    const key = `ls:{${harness.namespace}:q:quiet-${method}}`
    for (const part of ['stat', 'ready', 'msg', 'body']) {
      expect(await harness.redis.pttl(`${key}:${part}`)).toBeGreaterThan(30 * DAY_MS)
    }
  },
)

it('a change of settings makes no queue', async () => {
  await queueDriver(harness, 'none')
    .put({ retentionMs: 30 * DAY_MS })
    .expect(201)
  expect(await harness.redis.exists(`ls:{${harness.namespace}:q:none}:stat`)).toBe(0)
})

it('they outlive every dedup id', async () => {
  const queue = testQueue(harness, { retentionMs: 60_000, deadRetentionMs: 60_000 })
  await queue.send('a')
  expect(await leftOf(queue)).toBeGreaterThan(3_600_000)
})
