import { expect, it } from 'vitest'
import { redisKey } from '../../src/redis/keys.js'
import { Names } from '../../src/redis/names.js'
import { useHarness } from '../support/harness.js'

const harness = useHarness()
const DAY_MS = 86_400_000
const newNames = () => new Names({ binder: harness.binder, part: 'test-names' })

it('lists names by their bytes, in pages, with a prefix', async () => {
  const { namespace } = harness
  const names = newNames()
  for (const name of ['jobs-b', 'mail', 'jobs-a']) await names.add(namespace, name)
  expect(await names.list(namespace, '', '', 100)).toEqual(['jobs-a', 'jobs-b', 'mail'])
  expect(await names.list(namespace, 'jobs', '', 100)).toEqual(['jobs-a', 'jobs-b'])
  expect(await names.list(namespace, 'jobs', 'jobs-a', 100)).toEqual(['jobs-b'])
  expect(await names.list(namespace, '', '', 1)).toEqual(['jobs-a'])
})

it('unlists an unused name after two days, and lists it again with the next write of a day', async () => {
  const { namespace } = harness
  const [one, other] = [newNames(), newNames()]
  await one.add(namespace, 'unused')
  expect(await one.removeUnused(namespace, 'unused')).toBe(false)
  harness.advance(2 * DAY_MS - 1_000_000)
  await other.add(namespace, 'unused')
  harness.advance(1_000_001)
  expect(await one.removeUnused(namespace, 'unused')).toBe(false)
  harness.advance(2 * DAY_MS)
  expect(await one.removeUnused(namespace, 'unused')).toBe(true)
  expect(await one.list(namespace, 'unused', '', 1)).toEqual([])
  const seen = redisKey(namespace, 'policies', 'test-names', 'seen')
  expect(await harness.redis.zscore(seen, 'unused')).toBeNull()
  harness.advance(-4 * DAY_MS - 1)
})
