import { redisKey } from '../redis/keys.js'

/** All keys of a board share its tag; scripts build the keys of a season from this one. */
export const boardKey = (namespace: string, board: string): string =>
  redisKey(namespace, `b:${board}`, 'board')

/**
 * @param digest SHA-256 of the idempotency key: free text is never a part of a key
 * @param part of a call that is applied in several
 */
export const recordKey = (namespace: string, board: string, digest: string, part: number): string =>
  redisKey(namespace, `b:${board}`, 'record', part === 0 ? digest : `${digest}.${part}`)

/** The fences that submissions came with. */
export const fencesKey = (namespace: string, board: string): string =>
  redisKey(namespace, `b:${board}`, 'fences')

/** The names of all boards of a namespace. */
export const registryKey = (namespace: string): string =>
  redisKey(namespace, 'policies', 'leaderboards')

/** When to check whether the board of a name exists. */
export const rechecksKey = (namespace: string): string =>
  redisKey(namespace, 'policies', 'leaderboards', 'rechecks')
