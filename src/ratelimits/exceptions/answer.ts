import { algorithmOf } from '../algorithms/algorithms.js'
import type { Limit } from '../limit.js'
import type { Exception } from './scripts.js'
import type { Listed, ListedPage } from './store.js'

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

/** A page may be short, for what it lists may have ended; only the last one has no cursor. */
export const toPage = <T>({ listed, last }: ListedPage, toItem: (listed: Listed) => T) => ({
  items: listed.map(toItem),
  ...(last && { nextCursor: Buffer.from(last.key).toString('base64url') }),
})
