import { createHash } from 'node:crypto'
import { escapeKey, redisKey } from '../redis/keys.js'

const MAX_PLAIN_BYTES = 64

const isShort = (subject: string): boolean => Buffer.byteLength(subject) <= MAX_PLAIN_BYTES

const digest = (subject: string): string =>
  `%${createHash('sha256').update(subject).digest('base64url')}`

/**
 * All limits of one subject share its tag, so one script can check them together on a Cluster. A long
 * subject is replaced by `%` and its digest; escaped subjects have `%` in %7B, %7D and %25 only.
 */
const subjectTag = (subject: string): string =>
  `r:${isShort(subject) ? escapeKey(subject) : digest(subject)}`

/** One subject of one policy. */
export interface Subject {
  /** Of the policy. */
  readonly name: string
  readonly key: string
  /** Subjects of a group share one tag, so that a Cluster can check any of them together. */
  readonly group?: string | undefined
  /** The policy is a part of the request. */
  readonly inline: boolean
}

const tagOf = ({ key, group }: Subject): string =>
  group === undefined ? subjectTag(key) : `g:${group}`

/** Names of policies contain neither `/` nor `%`, with which a digest begins. */
function nameOf({ name, key, group }: Subject): string {
  if (group === undefined) return name
  return isShort(key) ? `${name}/${key}` : name + digest(key)
}

/**
 * @param kind a letter per algorithm; upper case for an inline limit. Another algorithm is another key,
 *   so state is never misread.
 */
export const limitKey = (namespace: string, kind: string, subject: Subject): string =>
  redisKey(namespace, tagOf(subject), subject.inline ? kind.toUpperCase() : kind, nameOf(subject))

/** The block and the override of this subject: scripts/lib/exception.lua. */
export const exceptionKey = (namespace: string, subject: Subject): string =>
  limitKey(namespace, 'x', subject)

/** Exceptions of single subjects: each kind has its own list. */
export type ExceptionKind = 'overrides' | 'blocks'

/** The subjects of a policy that have an exception: scripts/enlist.lua. */
export const listKeys = (namespace: string, kind: ExceptionKind, policy: string) => ({
  names: redisKey(namespace, 'policies', `rl-${kind}`, policy),
  ends: redisKey(namespace, 'policies', `rl-${kind}-ends`, policy),
})

/** @param digest SHA-256 of the idempotency key: free text is never a part of a key. */
export const recordKey = (
  namespace: string,
  subject: Subject,
  operation: string,
  digest: string,
): string => redisKey(namespace, tagOf(subject), `record-${operation}`, digest)

/** @param id of the reservation, a secret of its maker. */
export const reservationKey = (namespace: string, subject: Subject, id: string): string =>
  redisKey(namespace, tagOf(subject), 'reserved', `${nameOf(subject)}:${id}`)

/** The channel of changes after which a denial of one subject may not hold any more. */
export const CHANGES = 'ls:ratelimits:changed'

/** Namespaces and names of policies contain no colon. */
export const changeOf = (namespace: string, { name, key }: Subject): string =>
  `${namespace}:${name}:${key}`
