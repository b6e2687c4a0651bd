import type { TestProject } from 'vitest/node'
import { openConnection } from '../../src/redis/connection.js'
import { startManagedRedis } from '../../src/redis/managed.js'
import { find, toolsFolder } from '../support/server-place.js'

const LOOK_EVERY_MS = 500

/** Starts the Redis of the run, and kills scripts that run too long. */
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
      // SCRIPT KILL fails after a write; then Redis is killed and restarts.
      await client.call('SCRIPT', 'KILL').catch(() => process.kill(redis.pid(), 'SIGKILL'))
    }
  }, LOOK_EVERY_MS)
  return async () => {
    clearInterval(timer)
    close()
    await redis.stop()
  }
}
