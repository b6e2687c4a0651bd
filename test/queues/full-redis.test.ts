import { afterEach, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'
import { keyOf, testQueue } from './stores.js'

const redis = useRedis()
const harness = useHarness(() => ({ redisUrl: redis.url }))

const fill = () => harness.redis.config('SET', 'maxmemory', '1')
afterEach(async () => {
  await harness.redis.config('SET', 'maxmemory', '0')
})

it('refuses sends, as a whole, and drains: workers receive and settle', async () => {
  const queue = testQueue(harness, { visibilityMs: 10_000 })
  await queue.sendAll(['a', 'b', 'c', 'd', 'e'].map((text) => ({ text })))
  await queue.send({ text: 'g1', group: 'g' }, { text: 'g2', group: 'g' })
  await fill()

  for (const dedupId of [undefined, 'd']) {
    const refused = queue.sendAll([{ text: 'x', ...(dedupId && { dedupId }) }])
    await expect(refused).rejects.toMatchObject({ code: 'store-full' })
  }
  const { deliveries } = await queue.receive({ limit: 6 }, keyOf('k'))
  expect(deliveries).toHaveLength(6)
  const [a, b, c, d, e, g] = deliveries.map(({ receipt }) => receipt)
  expect(
    await queue.settle(
      { kind: 'ack', receipt: a! },
      { kind: 'nack', receipt: b!, dead: false, delayMs: 60_000, error: 'e'.repeat(1_000) },
      { kind: 'nack', receipt: c!, dead: true },
      { kind: 'extend', receipt: d!, visibilityMs: 60_000 },
      { kind: 'release', receipt: e! },
      { kind: 'ack', receipt: g! },
    ),
  ).toEqual(['acked', 'retrying', 'dead', 'extended', 'released', 'acked'])
  expect(await queue.texts()).toEqual(['e', 'g2'])
  expect(await queue.counts()).toMatchObject({ delayed: 1, leased: 3, dead: 1 })

  await harness.redis.config('SET', 'maxmemory', '0')
  await queue.send('f')
  expect(await queue.texts()).toEqual(['f'])
})

it('extends, and makes ready what is due, as its first write', async () => {
  const queue = testQueue(harness, { visibilityMs: 10_000 })
  await queue.send('a', 'b')
  const { deliveries } = await queue.receive({ limit: 2 })
  await fill()

  expect(await queue.extend(deliveries[0]!, 60_000)).toBe('extended')
  harness.advance(10_001)
  expect(await queue.receive()).toMatchObject({ deliveries: [{}], met: { timedOut: 1 } })
})

it('lets operators redrive, discard, purge and remove', async () => {
  const queue = testQueue(harness, { maxFailures: 1 })
  await queue.send('a', 'b', 'c', { text: 'd', delayMs: 60_000 })
  const dead = []
  for (let i = 0; i < 2; i++) {
    const delivery = await queue.take()
    await queue.nack(delivery)
    dead.push(delivery.id)
  }
  await fill()

  expect(await queue.redrive({ ids: [dead[0]!] })).toMatchObject({ ids: [dead[0]] })
  expect(await queue.discard(dead[1]!)).toEqual([dead[1]])
  expect(await queue.purge('delayed')).toBe(1)
  expect(await queue.purge('ready')).toBe(2)
  expect(await queue.remove()).toBe(true)
})
