import { redisKey } from '../redis/keys.js'

/** All keys of one board share its tag; the scripts build those of a season from this one. */
export const boardKey = (namespace: string, board: string): string =>
  redisKey(namespace, `b:${board}`, 'board')

/** @param digest SHA-256 of the idempotency key: free text never stands in a key. */
export const memoKey = (namespace: string, board: string, digest: string): string =>
  redisKey(namespace, `b:${board}`, 'memo', digest)

/** Names of all boards of a namespace: written before a board's first write. */
export const registryKey = (namespace: string): string =>
  redisKey(namespace, 'policies', 'leaderboards')
