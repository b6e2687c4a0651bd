import { beforeAll, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { useRedis } from '../support/managed.js'

// A Redis of its own, because these calls keep Redis busy.
const redis = useRedis()
const harness = useHarness(() => ({ redisUrl: redis.url }))
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

it('thousands of holders are asked to give way at once', async () => {
  const reader = () => scripts.acquire('many', { mode: 'shared' })
  const { token } = await reader()
  for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 100 }, reader))

  expect(await scripts.revoke('many', 5_000)).toMatchObject({ asked: 4_001 })

  expect(await scripts.renew('many', token, 60_000)).toMatchObject({ revoke: { reason: 'test' } })
})

it('a reader is released on a full Redis although another holder has a session', async () => {
  const session = await scripts.openSession('full', 1_000_000)
  await scripts.acquire('full', { mode: 'shared', session, ttlMs: 0 })
  const { token } = await scripts.acquire('full', { mode: 'shared', ttlMs: 6_000_000 })
  harness.advance(800_000)
  await scripts.keepSession('full', session)
  harness.advance(300_000)
  await harness.redis.config('SET', 'maxmemory', '1')

  expect(await scripts.release('full', token)).toMatchObject({ kind: 'released' })

  expect(await scripts.inspect('full')).toMatchObject({ holderCount: 1 })
})
