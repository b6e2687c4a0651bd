import { toCursor } from '../../http/pages.js'
import { algorithmOf } from '../algorithms/algorithms.js'
import type { Subject } from '../keys.js'
import type { Limit } from '../limit.js'
import type { Exception } from './scripts.js'
import type { ExceptionPage, SubjectException } from './store.js'

export const toOverride = (
  { name, key, policy }: Pick<Limit, 'name' | 'key' | 'policy'>,
  { limit, burst, leftUs, version }: Exception,
) => ({
  policy: name,
  key,
  limit,
  ...(algorithmOf(policy).parameters.includes('burst') && {
    burst: burst || policy.burst || limit,
  }),
  ...(leftUs > 0 && { expiresInMs: Math.floor(leftUs / 1_000) }),
  version,
})

export const toBlock = ({ name, key }: Subject, blockedUs: number) => ({
  policy: name,
  key,
  expiresInMs: Math.ceil(blockedUs / 1_000),
})

/** A page may be short, because exceptions end; only the last page has no cursor. */
export const toList = <T>(
  { exceptions, last }: ExceptionPage,
  toItem: (one: SubjectException) => T,
) => ({
  items: exceptions.map(toItem),
  ...(last && { nextCursor: toCursor(last.key) }),
})
