import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { queueDriver } from './driver.js'

const harness = useHarness()
let queues = 0
const newQueue = () => queueDriver(harness, `settle-${queues++}`)

/** Receipts that no queue has given. */
const UNKNOWN = Array.from({ length: 101 }, (_, at) => `${(at + 36).toString(36)}.AAAAAAAA`)
const [ONE, OTHER] = UNKNOWN as [string, string, ...string[]]

it('answers in the order ack, nack, extend, release', async () => {
  const queue = newQueue()
  await queue.sendBodies(1, 2, 3, 4, 5)
  const items = await queue.receive({ limit: 5 })
  const [released, extended, failed, dead, done] = items.map(({ receipt }) => receipt)
  const { body } = await queue
    .post('settle', {
      release: [released],
      extend: [{ receipt: extended, visibilityMs: 60_000 }],
      nack: [
        { receipt: failed, delayMs: 60_000, error: 'mailbox\nfull' },
        { receipt: dead, dead: true },
      ],
      ack: [done, ONE],
    })
    .expect(200)
  expect(body).toEqual({
    results: [
      { receipt: done, status: 'acked' },
      { receipt: ONE, status: 'gone' },
      { receipt: failed, status: 'retrying' },
      { receipt: dead, status: 'dead' },
      { receipt: extended, status: 'extended' },
      { receipt: released, status: 'released' },
    ],
  })
  expect((await queue.receive({ limit: 9 })).map(({ body }) => body)).toEqual([1])
})

it('is harmless when repeated', async () => {
  const queue = newQueue()
  await queue.sendBodies(1, 2)
  const [one, two] = (await queue.receive({ limit: 2 })).map(({ receipt }) => receipt)
  const settle = { ack: [one], nack: [{ receipt: two, delayMs: 60_000 }] }
  expect(await queue.settle(settle)).toEqual(['acked', 'retrying'])
  expect(await queue.settle(settle)).toEqual(['gone', 'stale'])
})

it('refuses the receipt of a message that was delivered again since', async () => {
  const queue = newQueue()
  await queue.sendBodies(1)
  const late = await queue.take({ visibilityMs: 1_000 })
  harness.advance(1_000)
  const fresh = await queue.take()
  expect(await queue.settle({ ack: [late.receipt] })).toEqual(['stale'])
  expect(await queue.settle({ ack: [fresh.receipt] })).toEqual(['acked'])
})

it('counts a late acknowledgement while nobody else got the message', async () => {
  const queue = newQueue()
  await queue.sendBodies(1)
  const { receipt } = await queue.take({ visibilityMs: 1_000 })
  harness.advance(5_000)
  expect(await queue.settle({ ack: [receipt] })).toEqual(['acked'])
  expect(await queue.receive()).toEqual([])
})

it('retries at once with a delay of 0, and after the delay otherwise', async () => {
  const queue = newQueue()
  await queue.sendBodies(1)
  const { receipt } = await queue.take()
  await queue.settle({ nack: [{ receipt, delayMs: 0 }] })
  const again = await queue.take()
  expect(again).toMatchObject({ deliveries: 2, failures: 1 })
  await queue.settle({ nack: [{ receipt: again.receipt, delayMs: 300_000 }] })
  harness.advance(200_000)
  expect(await queue.receive()).toEqual([])
  harness.advance(100_000)
  expect(await queue.take()).toMatchObject({ deliveries: 3, failures: 2 })
})

it('takes 100 nacks with the longest errors, also if JSON escapes all of them', async () => {
  const queue = newQueue()
  const bodies = Array.from({ length: 100 }, (_, at) => at)
  await queue.sendBodies(...bodies)
  const items = await queue.receive({ limit: 100 })
  const nack = items.map(({ receipt }) => ({ receipt, error: '\u0001'.repeat(1_024) }))
  expect(await queue.settle({ nack })).toEqual(bodies.map(() => 'retrying'))
})

it('extends to 12 hours at most', async () => {
  const queue = newQueue()
  await queue.sendBodies(1)
  const { receipt } = await queue.take()
  harness.advance(10_000)
  const extend = (visibilityMs: number) => queue.settle({ extend: [{ receipt, visibilityMs }] })
  expect(await extend(43_200_000)).toEqual(['stale'])
  expect(await extend(43_000_000)).toEqual(['extended'])
})

it.each<[string, object, string, string]>([
  ['nothing', {}, '', 'must have 1 to 100 receipts in all, not 0'],
  ['empty lists', { ack: [], nack: [] }, '', 'must have 1 to 100 receipts in all, not 0'],
  [
    '101 receipts in all',
    { ack: UNKNOWN.slice(0, 60), release: UNKNOWN.slice(60) },
    '',
    'must have 1 to 100 receipts in all, not 101',
  ],
  ['101 receipts in one list', { ack: UNKNOWN }, '/ack', ''],
  ['one receipt twice', { ack: [ONE, OTHER, ONE] }, '/ack/2', 'is listed twice: settle it once'],
  [
    'one receipt in two lists',
    { ack: [ONE], extend: [{ receipt: ONE, visibilityMs: 1_000 }] },
    '/extend/0/receipt',
    'is listed twice: settle it once',
  ],
  ['what is no receipt', { ack: ['x'] }, '/ack/0', ''],
  ['a number', { release: [7] }, '/release/0', ''],
  ['a nack without a receipt', { nack: [{}] }, '/nack/0/receipt', 'is required'],
  [
    'a long delay',
    { nack: [{ receipt: ONE, delayMs: 2_592_000_001 }] },
    '/nack/0/delayMs',
    'must be at most 2592000000, not 2592000001',
  ],
  [
    'a delay of a dead letter',
    { nack: [{ receipt: ONE, delayMs: 1, dead: true }] },
    '/nack/0/delayMs',
    'does not go with dead, which ends the retries',
  ],
  [
    'a long error',
    { nack: [{ receipt: ONE, error: 'ü'.repeat(513) }] },
    '/nack/0/error',
    'must be at most 1024 bytes of UTF-8',
  ],
  [
    'half a character',
    { nack: [{ receipt: ONE, error: '\udc00' }] },
    '/nack/0/error',
    'must be at most 1024 bytes of UTF-8',
  ],
  [
    'an extension without its time',
    { extend: [{ receipt: ONE }] },
    '/extend/0/visibilityMs',
    'is required',
  ],
  [
    'a long extension',
    { extend: [{ receipt: ONE, visibilityMs: 43_200_001 }] },
    '/extend/0/visibilityMs',
    'must be at most 43200000, not 43200001',
  ],
  ['an unknown field', { done: [ONE] }, '/done', 'is not a known field'],
])('refuses %s', async (_what, body, pointer, detail) => {
  const queue = newQueue()
  const refused = await queue.post('settle', body).expect(400)
  const [error] = refused.body.errors
  expect(error).toMatchObject({ in: 'body', pointer })
  expect(error.detail).toContain(detail)
})
