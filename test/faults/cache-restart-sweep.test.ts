import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { startFaultProxy } from '../support/faults.js'
import { startHarness } from '../support/harness.js'
import { start } from '../support/managed.js'
import { until } from '../support/until.js'

it('after a restart that flushes, one instance frees the memory of all old entries', async () => {
  const redis = await start({ conf: ['appendonly yes', 'appendfsync always'] })
  const raw = new Redis(redis.url)
  raw.on('error', () => undefined)
  onTestFinished(() => raw.disconnect())
  const proxy = await startFaultProxy(redis.url)
  onTestFinished(() => proxy.close())
  const harness = await startHarness({ redisUrl: proxy.url })
  onTestFinished(() => harness.close())
  const put = (key: string) => harness.request('put', `/v1/cache/users/${key}`).send('x')
  const entries = async () => (await raw.keys('ls:*:entry:*')).length
  for (let i = 0; i < 20; i++) await put(`k${i}`).expect(201)

  // The entries are counted before the instance can free them.
  proxy.refuse()
  const before = redis.pid()
  process.kill(before, 'SIGKILL')
  await until(
    'another process',
    async () => redis.pid() !== before && (await raw.ping()) === 'PONG',
  )
  expect(await entries()).toBe(20)

  proxy.heal()
  await until('no entry left', async () => (await entries()) === 0)
  await until('a new entry', async () => (await put('new')).status === 201)
  expect(await entries()).toBe(1)
})
