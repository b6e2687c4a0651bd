import { crc32 } from 'node:zlib'
import { Cluster } from 'ioredis'
import type { Connection } from './connection.js'

/**
 * How names map to hash tags, and so to the slots of a Cluster. Fixed for the life of a Redis: two
 * instances with different layouts would look for one lock under two keys, and both would find it
 * free. `ls:layout` stores it, see layout-record.ts.
 */
export interface Layout {
  /** Of the key form `ls:{<namespace>:<tag>}:<part>:<name>` and of the stored values. */
  readonly version: number
  readonly hash: 'crc32'
  readonly lockBuckets: number
  readonly cachePartitions: number
}

/** Single and Sentinel: one tag, so that one script may use any key. */
const ONE_SERVER: Layout = { version: 3, hash: 'crc32', lockBuckets: 1, cachePartitions: 1 }

/** Enough tags that the nodes of a Cluster have nearly equal shares. */
const CLUSTER: Layout = { version: 3, hash: 'crc32', lockBuckets: 256, cachePartitions: 64 }

/** What one Redis holds; a separate cache Redis holds a part. */
export type Part = 'everything' | 'all-but-cache' | 'cache'

/** 0 for what another Redis holds, so that an instance that expects it here is refused. */
export function layoutOf(
  { client }: Pick<Connection, 'client'>,
  part: Part = 'everything',
): Layout {
  const layout = client instanceof Cluster ? CLUSTER : ONE_SERVER
  if (part === 'cache') return { ...layout, lockBuckets: 0 }
  return part === 'all-but-cache' ? { ...layout, cachePartitions: 0 } : layout
}

/**
 * The bucket of a lock or semaphore, 0 to `lockBuckets` - 1. Names that are equal before their
 * first `@` share one, so `t7@a` and `t7@b` can be taken together on a Cluster as well.
 */
export function lockBucket({ lockBuckets }: Layout, name: string): number {
  if (lockBuckets === 1) return 0
  const at = name.indexOf('@')
  return crc32(at === -1 ? name : name.slice(0, at)) % lockBuckets
}

/** The partition of a cache entry, 0 to `cachePartitions` - 1. No space and no key holds a NUL. */
export function cachePartition({ cachePartitions }: Layout, space: string, key: string): number {
  return cachePartitions === 1 ? 0 : crc32(`${space}\0${key}`) % cachePartitions
}
