import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { startManagedRedis } from '../../src/redis/managed.js'
import { SERVER_SOURCES } from '../../src/redis/server-binary.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Redis of this run: `inject('redisUrl')`. Shared by all files, so never FLUSHALL. */
    redisUrl: string
  }
}

/**
 * One real Redis for the whole run, started by the code that `npm start` uses, or the one that
 * LOCKSTEP_TEST_REDIS_URL names. A run without Redis fails here: it proves nothing.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.LOCKSTEP_TEST_REDIS_URL
  if (given !== undefined && given !== '') {
    project.provide('redisUrl', given)
    return async () => {}
  }
  const redis = await startManagedRedis({
    toolsFolder: path.resolve(import.meta.dirname, '../../.lockstep'),
    find: SERVER_SOURCES.find((source) => source === process.env.LOCKSTEP_REDIS_FIND),
    log: (message) => process.stderr.write(`${message}\n`),
  })
  project.provide('redisUrl', redis.url)
  return () => redis.stop()
}
