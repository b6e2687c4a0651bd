import { afterEach, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'
import { keyOf, testStream } from './stores.js'

const redis = useRedis()
const harness = useHarness(() => ({ redisUrl: redis.url }))

afterEach(async () => {
  await harness.redis.config('SET', 'maxmemory', '0')
})

it('refuses appends, as a whole; reads and deletions go on', async () => {
  const stream = testStream(harness)
  const [first] = await stream.append('a', 'b')
  await harness.redis.config('SET', 'maxmemory', '1')

  await expect(stream.appendAll(['c'])).rejects.toMatchObject({ code: 'store-full' })
  expect(await stream.texts()).toEqual(['a', 'b'])
  expect(await stream.removeEntry(first!)).toBe(true)
  expect(await stream.show()).toMatchObject({ length: 1, bytes: 4 })
  expect(await stream.remove()).toBe(true)

  await harness.redis.config('SET', 'maxmemory', '0')
  expect(await stream.append('c')).toEqual([expect.stringMatching(/-3$/)])
})

it('lets groups receive and settle', async () => {
  const stream = testStream(harness)
  await stream.putGroup('g', { maxFailures: 2 })
  const g = stream.group('g')
  await stream.append('a', 'b', 'c', 'd', 'e')
  await harness.redis.config('SET', 'maxmemory', '1')

  const { deliveries } = await g.receive({}, keyOf('k'))
  expect(deliveries).toHaveLength(5)
  const [a, b, c, d, e] = deliveries.map(({ receipt }) => receipt)
  expect(
    await g.settle(
      { kind: 'ack', receipt: a! },
      { kind: 'nack', receipt: b!, dead: false, error: 'e'.repeat(1_000) },
      { kind: 'nack', receipt: c!, dead: true },
      { kind: 'extend', receipt: d!, visibilityMs: 60_000 },
      { kind: 'release', receipt: e! },
    ),
  ).toEqual(['acked', 'retrying', 'dead', 'extended', 'released'])
  expect(await g.extend(deliveries[3]!, 90_000)).toBe('extended')
  expect(await g.texts()).toEqual(['b', 'e'])
  harness.advance(30_000)
  expect(await g.receive()).toMatchObject({ met: { timedOut: 2, dead: 1 } })
  expect(await g.seek('start')).toMatchObject({ kind: 'moved' })
  await expect(stream.putGroup('h')).rejects.toMatchObject({ code: 'store-full' })
  expect(await stream.groups.remove(stream.stream, 'g')).toBe(true)
})
