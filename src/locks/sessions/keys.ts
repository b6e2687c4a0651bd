import { redisKey } from '../../redis/keys.js'
import { randomToken } from '../../redis/random.js'

/** The id carries the bucket in which all its leases lie, because a keepalive names none of them. */
export const newSessionId = (tag: string): string => `${tag.slice(1)}.${randomToken()}`

export const sessionTag = (id: string): string => `l${id.slice(0, id.indexOf('.'))}`

export const sessionKey = (namespace: string, id: string): string =>
  redisKey(namespace, sessionTag(id), 'session', id)
