import type { TestProject } from 'vitest/node'
import { openConnection } from '../../src/redis/connection.js'
import { startManagedRedis } from '../../src/redis/managed.js'
import { find, toolsFolder } from '../support/server-place.js'

const LOOK_EVERY_MS = 500

/** The Redis of the run, which a script without end does not keep busy for long. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startManagedRedis({ toolsFolder, find, conf: ['busy-reply-threshold 500'] })
  project.provide('redisUrl', redis.url)
  project.provide('adminUrl', '')
  const { client, close } = openConnection({ url: redis.url, purpose: 'lines', timeoutMs: 5_000 })
  const timer = setInterval(async () => {
    try {
      await client.ping()
    } catch (error) {
      if (!String(error).includes('BUSY')) return
      // One that has written can not be stopped; the Redis is started again.
      await client.call('SCRIPT', 'KILL').catch(() => process.kill(redis.pid(), 'SIGKILL'))
    }
  }, LOOK_EVERY_MS)
  return async () => {
    clearInterval(timer)
    close()
    await redis.stop()
  }
}
