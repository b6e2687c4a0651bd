import { Cluster } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { watchMemory } from '../../src/redis/memory.js'
import { type Harness, startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

let harness: Harness

beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness.close())

it('tells the memory of every server that keeps data, and bounds none without maxmemory', async () => {
  const { link } = harness
  const memory = watchMemory(link, 0.1)
  const primaries = link.client instanceof Cluster ? link.client.nodes('master').length : 1
  const servers = await until('all servers', () => {
    const known = memory.servers()
    return known.length === primaries && known
  })
  for (const { usedBytes, maxBytes, evictedKeys } of servers) {
    expect(usedBytes).toBeGreaterThan(100_000)
    expect([maxBytes, evictedKeys]).toEqual([0, 0])
  }
  expect(memory.isTight(() => 'any')).toBe(false)
})
