import { createHash } from 'node:crypto'
import { escapeKey, redisKey } from '../redis/keys.js'

const MAX_PLAIN_BYTES = 64

/**
 * All limits of one subject share its tag, so one script can check them together on a Cluster. A
 * long subject counts by its digest; `%` begins no escaped subject but %7B, %7D and %25.
 */
function subjectTag(subject: string): string {
  if (Buffer.byteLength(subject) <= MAX_PLAIN_BYTES) return `r:${escapeKey(subject)}`
  return `r:%${createHash('sha256').update(subject).digest('base64url')}`
}

/**
 * @param kind a letter per algorithm, upper case for a limit given in the request: another algorithm
 *   is another key, so state is never misread.
 */
export const limitKey = (namespace: string, subject: string, kind: string, name: string): string =>
  redisKey(namespace, subjectTag(subject), kind, name)

/** @param digest SHA-256 of the idempotency key: free text never stands in a key. */
export const memoKey = (namespace: string, subject: string, digest: string): string =>
  redisKey(namespace, subjectTag(subject), 'memo', digest)
