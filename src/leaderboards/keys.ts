import { redisKey } from '../redis/keys.js'

/** All keys of one board share its tag; the scripts build those of a season from this one. */
export const boardKey = (namespace: string, board: string): string =>
  redisKey(namespace, `b:${board}`, 'board')

/**
 * @param digest SHA-256 of the idempotency key: free text never stands in a key
 * @param part of a call that is more than one step
 */
export const recordKey = (namespace: string, board: string, digest: string, part: number): string =>
  redisKey(namespace, `b:${board}`, 'record', part === 0 ? digest : `${digest}.${part}`)

/** Names of all boards of a namespace. */
export const registryKey = (namespace: string): string =>
  redisKey(namespace, 'policies', 'leaderboards')

/** When to look whether a name of them is still that of a board. */
export const looksKey = (namespace: string): string =>
  redisKey(namespace, 'policies', 'leaderboards', 'looks')
