import { escapeKey, redisKey } from '../redis/keys.js'
import { type Layout, lockBucket } from '../redis/layout.js'

/** All keys of one lock share the tag of its bucket, so that one script may use them on a Cluster. */
export const bucketTag = (layout: Layout, name: string): string => `l${lockBucket(layout, name)}`

export const lockKey = (namespace: string, tag: string, name: string): string =>
  redisKey(namespace, tag, 'lock', name)

export const timersKey = (namespace: string, tag: string): string =>
  redisKey(namespace, tag, 'timers')

/** The names with a queue, for their number. */
export const queuedKey = (namespace: string, tag: string): string =>
  redisKey(namespace, tag, 'queued')

/** What is listed: held or queued; of semaphores also those with a stored capacity. */
export type Index = 'locks' | 'semaphores'

export const indexKey = (namespace: string, tag: string, index: Index): string =>
  redisKey(namespace, tag, index)

/** Names as the scripts spell them, and back. */
export const toStoredName = escapeKey
export const fromStoredName = (stored: string): string =>
  stored.replace(/%(7B|7D|25)/g, (_escape, hex: string) => String.fromCharCode(parseInt(hex, 16)))

/** One channel per instance announces grants; scripts build the same name. */
export const grantChannel = (instance: string): string => `ls:grants:${instance}`

/** Every bucket with a known deadline: what the walk of each minute visits. */
export const BUCKETS_KEY = 'ls:locks:buckets'
export const WALKER_KEY = 'ls:locks:walker'
