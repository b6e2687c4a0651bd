import { Cluster } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { openConnection } from '../../src/redis/connection.js'
import { watchMemory } from '../../src/redis/memory.js'
import { useHarness } from '../support/harness.js'
import { start } from '../support/managed.js'
import { until } from '../support/until.js'

const harness = useHarness()

it('reads the memory of every primary', async () => {
  const { connection } = harness
  const memory = watchMemory(connection, 0.1)
  const primaries =
    connection.client instanceof Cluster ? connection.client.nodes('master').length : 1
  const servers = await until('all servers', () => {
    const known = memory.servers()
    return known.length === primaries && known
  })
  for (const { usedBytes, maxBytes, evictedKeys } of servers) {
    expect(usedBytes).toBeGreaterThan(100_000)
    expect(maxBytes).toBeGreaterThan(usedBytes)
    expect(evictedKeys).toBe(0)
  }
  expect(memory.isTight(() => 'any')).toBe(false)
})

it('has no bound without maxmemory', async () => {
  const redis = await start({ conf: ['maxmemory 0'] })
  const connection = openConnection({ url: redis.url, purpose: 'test', timeoutMs: 5_000 })
  onTestFinished(() => connection.close())
  const memory = watchMemory(connection, 0.1)
  await until('its answer', () => memory.servers().length > 0)
  expect(memory.servers()).toMatchObject([{ maxBytes: 0 }])
  expect(memory.isTight(() => 'any')).toBe(false)
})
