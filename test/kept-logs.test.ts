import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startInstance } from './safety/fleet.js'
import { ensureBuilt } from './support/built.js'
import { startHarness } from './support/harness.js'
import { writeLogs } from './support/kept-logs.js'
import { start } from './support/managed.js'
import { startService } from './support/service.js'
import { until } from './support/until.js'

it('a failed test keeps the logs of its services and of every Redis', async () => {
  const redis = await start()
  const killed = await start({ restart: false })
  process.kill(killed.pid(), 'SIGKILL')
  await until('the end of a Redis', () => !existsSync(`/proc/${killed.pid()}`))
  const harness = await startHarness({ redisUrl: redis.url })
  const service = await startService()
  await service.ready()
  const instance = await startInstance(await ensureBuilt(), redis.url)
  harness.app.log.error('of the harness')
  const folder = writeLogs()
  onTestFinished(async () => {
    await harness.close()
    await instance.stop()
    rmSync(folder, { recursive: true })
  })

  const logs = readdirSync(folder)
    .sort()
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
  // The Redis of the run, the two of the test, and that of the service that it started.
  const ofRedis = logs.filter((text) => text.includes('eady to accept connections'))
  expect(ofRedis.length).toBeGreaterThanOrEqual(4)
  expect(logs.some((text) => text.includes('of the harness'))).toBe(true)
  expect(logs.filter((text) => text.includes('listens on http'))).toHaveLength(2)
})
