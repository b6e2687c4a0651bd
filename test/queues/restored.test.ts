import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { type TestQueue, testQueue } from './stores.js'

const harness = useHarness()

/** @returns puts the queue back to what it is now, as a backup does, or a replica that missed writes */
async function backUp(queue: TestQueue): Promise<() => Promise<void>> {
  const { redis } = harness
  const parts = await queue.keys()
  const copyOf = (part: string) => queue.key(`copy:${part}`)
  for (const part of parts) await redis.copy(queue.key(part), copyOf(part))
  return async () => {
    for (const part of await queue.keys()) {
      if (!part.startsWith('copy:')) await redis.unlink(queue.key(part))
    }
    for (const part of parts) await redis.copy(copyOf(part), queue.key(part))
  }
}

it('a receipt from before a backup was restored fits no later delivery', async () => {
  const queue = testQueue(harness)
  await queue.send('a')
  const restore = await backUp(queue)
  const before = await queue.take()

  await restore()

  const { id, deliveries } = before
  const after = await queue.take()
  expect(after).toMatchObject({ id, deliveries })
  for (const settle of [queue.ack, queue.nack, queue.release]) {
    expect(await settle(before)).toBe('stale')
  }
  expect(await queue.extend(before, 60_000)).toBe('stale')
  expect(await queue.ack(after)).toBe('acked')
})

it('an id of a message that a restored backup lacks is not given again', async () => {
  const queue = testQueue(harness)
  await queue.send('a')
  await queue.ack(await queue.take())
  const restore = await backUp(queue)
  harness.advance(10)
  const [id] = await queue.send('lost')
  const lost = await queue.take()

  await restore()
  harness.advance(10)
  const [next] = await queue.send('b')

  expect(Number.parseInt(next!, 36)).toBeGreaterThan(Number.parseInt(id!, 36))
  expect(await queue.ack(lost)).toBe('gone')
})
