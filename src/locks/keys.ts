import { redisKey } from '../redis/keys.js'

/** All keys of one lock share the tag of its bucket, so one script may touch them on a Cluster. */
export function lockKeys(namespace: string, name: string) {
  const tag = 'l0'
  return {
    lock: redisKey(namespace, tag, 'lock', name),
    ended: redisKey(namespace, tag, 'ended', name),
    fence: redisKey(namespace, tag, 'fence'),
  }
}

/** @param digest SHA-256 of the idempotency key: free text never stands in a key. */
export const memoKey = (namespace: string, digest: string): string =>
  redisKey(namespace, 'l0', 'memo', digest)
