import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
import { type Harness, startHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { find, toolsFolder } from '../support/server-place.js'

// A Redis of its own: neighbours would wait for what is asked of it here.
let redis: ManagedRedis
let harness: Harness
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  redis = await startManagedRedis({ toolsFolder, find })
  harness = await startHarness({ redisUrl: redis.url })
  scripts = lockScripts(harness)
})
afterAll(async () => {
  await harness.close()
  await redis.stop()
})

it('thousands of holders are asked to give way at once', async () => {
  const reader = () => scripts.acquire('crowd', { mode: 'shared' })
  const { token } = await reader()
  for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 100 }, reader))

  expect(await scripts.revoke('crowd', 5_000)).toMatchObject({ asked: 4_001 })

  expect(await scripts.renew('crowd', token, 60_000)).toMatchObject({ revoke: { reason: 'test' } })
})

it('a reader is released on a full Redis although a session beside it lives on', async () => {
  const session = await scripts.openSession('full', 10_000)
  await scripts.acquire('full', { mode: 'shared', session, ttlMs: 0 })
  const { token } = await scripts.acquire('full', { mode: 'shared', ttlMs: 60_000 })
  harness.advance(8_000)
  await scripts.keepSession('full', session)
  harness.advance(3_000)
  await harness.redis.config('SET', 'maxmemory', '1')

  expect(await scripts.release('full', token)).toMatchObject({ outcome: 'released' })

  expect(await scripts.inspect('full')).toMatchObject({ holderCount: 1 })
})
