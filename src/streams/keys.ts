import { redisKey } from '../redis/keys.js'

/** All keys of a stream share its tag; scripts build the others from this one. */
export const metaKey = (namespace: string, stream: string): string =>
  redisKey(namespace, `s:${stream}`, 'meta')

/** @param digest SHA-256 of the idempotency key: free text is never a part of a key */
export const recordKey = (namespace: string, stream: string, digest: string): string =>
  redisKey(namespace, `s:${stream}`, 'record', digest)

/** The instances where requests wait for entries of a group. */
export const waitingKey = (namespace: string, stream: string, group: string): string =>
  redisKey(namespace, `s:${stream}`, 'waiting', group)
