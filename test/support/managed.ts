import { Redis } from 'ioredis'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import {
  type ManagedOptions,
  type ManagedRedis,
  startManagedRedis,
} from '../../src/redis/managed.js'
import { later } from './later.js'
import { find, toolsFolder } from './server-place.js'

export { find, toolsFolder }

/** A Redis that the tests of a file may harm: starts before them, ends after them. */
export function useRedis(options: Partial<ManagedOptions> = {}): ManagedRedis {
  const redis = later(
    'redis',
    () => startManagedRedis({ toolsFolder, find, ...options }),
    (running) => running.stop(),
  )
  beforeAll(redis.start)
  afterAll(redis.close)
  return redis.it
}

/** Starts a Redis that the current test may harm, and that ends with the test. */
export async function start(options: Partial<ManagedOptions> = {}): Promise<ManagedRedis> {
  const redis = await startManagedRedis({ toolsFolder, find, ...options })
  onTestFinished(() => redis.stop())
  return redis
}

/** Opens a plain client that reconnects by itself and closes with the test. */
export async function connect(
  { url }: Pick<ManagedRedis, 'url'>,
  password?: string,
): Promise<Redis> {
  const { protocol, pathname } = new URL(url)
  const client = new Redis(protocol === 'unix:' ? pathname : url, {
    lazyConnect: true,
    ...(password !== undefined && { password }),
  })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  await client.connect()
  return client
}
