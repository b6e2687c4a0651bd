import { redisKey } from '../redis/keys.js'

/** All keys of a queue share its tag; scripts build the others from this one. */
export const statKey = (namespace: string, queue: string): string =>
  redisKey(namespace, `q:${queue}`, 'stat')

/** The instances where requests wait for messages of a queue. */
export const waitingKey = (namespace: string, queue: string): string =>
  redisKey(namespace, `q:${queue}`, 'waiting')

/** @param digest SHA-256 of the idempotency key: free text is never a part of a key */
export const recordKey = (namespace: string, queue: string, digest: string): string =>
  redisKey(namespace, `q:${queue}`, 'record', digest)
