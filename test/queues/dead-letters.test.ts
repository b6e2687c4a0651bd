import { expect, it } from 'vitest'
import type { SentSettings } from '../../src/queues/settings.js'
import { useHarness } from '../support/harness.js'
import { type TestQueue, testQueue } from './stores.js'

const harness = useHarness()

const textsOf = (items: readonly { body: Buffer }[]) => items.map(({ body }) => String(body))

/** A queue whose messages of these texts are dead letters, in this order. */
async function deadQueue(
  texts: readonly string[],
  settings: SentSettings = {},
): Promise<TestQueue> {
  const queue = testQueue(harness, { maxFailures: 1, ...settings })
  for (const text of texts) {
    await queue.send(text)
    expect(await queue.nack(await queue.take(), { error: `cause of ${text}` })).toBe('dead')
    harness.advance(10)
  }
  return queue
}

it('a dead letter keeps its body, its last error, its failures, and when it first and last failed', async () => {
  const queue = testQueue(harness, { maxFailures: 2 })
  const [id] = await queue.send({ text: 'a', priority: 4, headers: { 'x-a': 'b' } })
  await queue.nack(await queue.take(), { delayMs: 0, error: 'first' })
  harness.advance(5_000)
  await queue.nack(await queue.take(), { error: 'last é\nline' })

  const [letter, ...others] = await queue.look('dead')

  expect(others).toEqual([])
  expect(letter).toMatchObject({
    id,
    body: Buffer.from('a'),
    headers: { 'x-a': 'b' },
    priority: 4,
    deliveries: 2,
    failures: 2,
    dueInMs: 0,
    error: 'last é\nline',
  })
  const { firstFailedAtMs = 0, lastFailedAtMs = 0, sentAtMs } = letter!
  expect(firstFailedAtMs).toBeGreaterThanOrEqual(sentAtMs)
  expect(lastFailedAtMs - firstFailedAtMs).toBeGreaterThanOrEqual(5_000)
})

it('a nack without an error removes the error of the one before', async () => {
  const queue = testQueue(harness, { maxFailures: 2 })
  await queue.send('a')
  const bytes = async () => Number((await queue.stat()).bytes)
  const before = await bytes()
  await queue.nack(await queue.take(), { delayMs: 0, error: 'x'.repeat(100) })
  expect(await bytes()).toBe(before + 100)
  await queue.nack(await queue.take())
  expect((await queue.look('dead'))[0]).not.toHaveProperty('error')
  expect(await bytes()).toBe(before)
})

it('redrives by id: ready again without failures, with a retention of its own', async () => {
  const queue = await deadQueue(['a', 'b', 'c'], { retentionMs: 60_000 })
  const [a, , c] = (await queue.look('dead')).map(({ id }) => id)
  harness.advance(61_000)

  const reply = await queue.redrive({ ids: [c!, a!, a!, '1'] })

  expect(reply).toEqual({ ids: [c, a], full: false })
  expect(textsOf(await queue.look('dead'))).toEqual(['b'])
  const { deliveries } = await queue.receive({ limit: 10 })
  expect(deliveries).toMatchObject([
    { body: Buffer.from('a'), failures: 0, deliveries: 2 },
    { body: Buffer.from('c'), failures: 0, deliveries: 2 },
  ])
  const [letter] = await queue.look('leased')
  expect(letter).not.toHaveProperty('error')
  expect(letter).not.toHaveProperty('lastFailedAtMs')
})

it('redrives the oldest ones, in steps', async () => {
  const texts = Array.from({ length: 130 }, (_, i) => `${i}`)
  const queue = testQueue(harness, { maxFailures: 1, visibilityMs: 1_000 })
  for (let at = 0; at < texts.length; at += 65) {
    await queue.sendAll(texts.slice(at, at + 65).map((text) => ({ text })))
    await queue.receive({ limit: 65 })
    harness.advance(1_001)
    expect((await queue.receive({ limit: 65 })).met).toMatchObject({ timedOut: 65, dead: 65 })
  }

  expect((await queue.redrive({ count: 120 })).ids).toHaveLength(120)
  expect(textsOf(await queue.look('dead'))).toEqual(texts.slice(120))
  expect((await queue.redrive({ count: 1_000 })).ids).toHaveLength(10)
  expect(textsOf(await queue.look('ready'))).toEqual(texts)
})

it('redrives only while the queue has room', async () => {
  const queue = await deadQueue(['a', 'b', 'c'], { capacity: 2 })
  await queue.send('live')

  expect(await queue.redrive({ count: 3 })).toMatchObject({ ids: [expect.any(String)], full: true })

  expect(textsOf(await queue.look('ready'))).toEqual(['a', 'live'])
  expect(textsOf(await queue.look('dead'))).toEqual(['b', 'c'])
})

it('discards by id', async () => {
  const queue = await deadQueue(['a', 'b'])
  await queue.send('live')
  const [a] = (await queue.look('dead')).map(({ id }) => id)
  const [live] = (await queue.look('ready')).map(({ id }) => id)

  expect(await queue.discard(a!, live!, '1', a!)).toEqual([a])

  expect(textsOf(await queue.look('dead'))).toEqual(['b'])
  expect(textsOf(await queue.look('ready'))).toEqual(['live'])
  expect(await queue.stat()).toMatchObject({ discarded: '1' })
  expect(await harness.redis.hlen(queue.key('body'))).toBe(2)
})

it('beyond deadCapacity the oldest are dropped', async () => {
  const queue = await deadQueue(['a', 'b', 'c', 'd'], { deadCapacity: 2 })
  expect(textsOf(await queue.look('dead'))).toEqual(['c', 'd'])
  expect(await queue.stat()).toMatchObject({ dead: '4', dropped: '2' })
  expect(await harness.redis.hlen(queue.key('msg'))).toBe(2)

  queue.configure({ maxFailures: 1, deadCapacity: 1 })
  await queue.send('e')
  await queue.nack(await queue.take())
  expect(textsOf(await queue.look('dead'))).toEqual(['e'])
})

it('dead letters end after deadRetentionMs, counted from their death', async () => {
  const queue = await deadQueue(['a'], { retentionMs: 60_000, deadRetentionMs: 120_000 })
  harness.advance(70_000)
  await queue.send('b')
  await queue.nack(await queue.take())
  const ids = (await queue.look('dead')).map(({ id }) => id)
  expect(ids).toHaveLength(2)
  harness.advance(60_000)

  expect(textsOf(await queue.look('dead'))).toEqual(['b'])
  expect(await queue.counts()).toMatchObject({ dead: 1 })
  expect(await queue.redrive({ ids: [ids[0]!] })).toEqual({ ids: [], full: false })
  expect(await queue.stat()).toMatchObject({ expired: '1' })

  harness.advance(120_000)
  await queue.receive()
  expect(await queue.stat()).toMatchObject({ expired: '2', bytes: '0' })
  expect(await queue.keys()).toEqual(['stat'])
})

it('a queue that is full of old dead letters makes room for a send', async () => {
  const queue = testQueue(harness, { maxFailures: 1, maxBytes: 1_048_576, deadRetentionMs: 60_000 })
  const text = 'x'.repeat(400_000)
  await queue.send(text, text)
  for (let i = 0; i < 2; i++) await queue.nack(await queue.take())
  expect(await queue.sendAll([{ text }])).toMatchObject({ kind: 'full', limit: 'bytes' })
  harness.advance(60_001)
  expect(await queue.sendAll([{ text }])).toMatchObject({ kind: 'sent', met: { expired: 2 } })
})
