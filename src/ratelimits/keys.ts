import { createHash } from 'node:crypto'
import { escapeKey, redisKey } from '../redis/keys.js'

const MAX_PLAIN_BYTES = 64

const isShort = (subject: string): boolean => Buffer.byteLength(subject) <= MAX_PLAIN_BYTES

const digest = (subject: string): string =>
  `%${createHash('sha256').update(subject).digest('base64url')}`

/**
 * All limits of one subject share its tag, so one script can check them together on a Cluster. A
 * long subject counts by its digest; `%` begins no escaped subject but %7B, %7D and %25.
 */
const subjectTag = (subject: string): string =>
  `r:${isShort(subject) ? escapeKey(subject) : digest(subject)}`

/** One policy as it is applied to one subject. */
export interface Subject {
  /** Of the policy. */
  readonly name: string
  readonly key: string
  /** Subjects of a group share one tag, so that a Cluster can check any of them together. */
  readonly group?: string | undefined
  /** The policy stands in the request, not in the service. */
  readonly inline: boolean
}

const tagOf = ({ key, group }: Subject): string =>
  group === undefined ? subjectTag(key) : `g:${group}`

/** Names of policies hold neither slash nor percent sign, which begins a digest. */
function nameOf({ name, key, group }: Subject): string {
  if (group === undefined) return name
  return isShort(key) ? `${name}/${key}` : name + digest(key)
}

/**
 * @param kind a letter per algorithm; upper case for a limit given in the request. Another algorithm
 *   is another key, so state is never misread.
 */
export const limitKey = (namespace: string, kind: string, subject: Subject): string =>
  redisKey(namespace, tagOf(subject), subject.inline ? kind.toUpperCase() : kind, nameOf(subject))

/** What holds for this subject alone: scripts/lib/exception.lua. */
export const exceptionKey = (namespace: string, subject: Subject): string =>
  limitKey(namespace, 'x', subject)

/** What holds for single subjects of a policy: two kinds, each listed for itself. */
export type ExceptionKind = 'overrides' | 'blocks'

/** Where the subjects of a policy are listed for which something holds alone: scripts/enlist.lua. */
export const listKeys = (namespace: string, kind: ExceptionKind, policy: string) => ({
  names: redisKey(namespace, 'policies', `rl-${kind}`, policy),
  ends: redisKey(namespace, 'policies', `rl-${kind}-ends`, policy),
})

/** @param name SHA-256 of the idempotency key: free text never stands in a key. */
export const recordKey = (
  namespace: string,
  subject: Subject,
  operation: string,
  name: string,
): string => redisKey(namespace, tagOf(subject), `record-${operation}`, name)

/** @param id of the reservation, which makes it a secret of whoever made it. */
export const reservationKey = (namespace: string, subject: Subject, id: string): string =>
  redisKey(namespace, tagOf(subject), 'reserved', `${nameOf(subject)}:${id}`)

/** Whoever remembers a denial listens here: what it rested on has changed for one subject. */
export const CHANGES = 'ls:ratelimits:changed'

/** Neither namespaces nor names of policies hold a colon. */
export const changeOf = (namespace: string, { name, key }: Subject): string =>
  `${namespace}:${name}:${key}`
