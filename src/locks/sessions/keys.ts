import { createHash } from 'node:crypto'
import { redisKey } from '../../redis/keys.js'
import { randomToken } from '../../redis/random.js'

/** The secret carries the bucket in which all its leases lie, because a keepalive names none of them. */
export const newSessionToken = (tag: string): string => `${tag.slice(1)}.${randomToken()}`

/** The public id, from which nobody finds the token. Redis knows a session by it. */
export function sessionIdOf(token: string): string {
  const digest = createHash('sha256').update(token).digest('base64url')
  return `${token.slice(0, token.indexOf('.'))}.${digest.slice(0, 22)}`
}

export const sessionTag = (id: string): string => `l${id.slice(0, id.indexOf('.'))}`

/** What the ids of a bucket begin with; these are in the order of their bytes. */
export const idPrefix = (tag: string): string => `${tag.slice(1)}.`

export const sessionKey = (namespace: string, id: string): string =>
  redisKey(namespace, sessionTag(id), 'session', id)

/** The sessions of a bucket, for lists. */
export const sessionsKey = (namespace: string, tag: string): string =>
  redisKey(namespace, tag, 'sessions')
