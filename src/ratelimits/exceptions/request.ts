import type { Static } from 'typebox'
import { fromCursor, type PageQuery } from '../../http/pages.js'
import { algorithmOf } from '../algorithms/algorithms.js'
import type { Limit } from '../limit.js'
import type { Policy } from '../policies/policy.js'
import { requireUsable } from '../policies/request.js'
import type { Page } from './registry.js'
import type { Exception } from './scripts.js'
import type { Override } from './store.js'

/** @throws Problem invalid-request for a cursor that no page returned. */
export function toRequestedPage(
  { group = '' }: Policy,
  { prefix, cursor, limit }: Static<typeof PageQuery>,
): Page {
  const after = fromCursor(cursor, prefix)
  return { group, prefix, after, count: limit }
}

/**
 * The override that a PUT asks for. A policy without a burst uses its limit as the burst, and so does
 * an override of it.
 * @throws Problem invalid-request for an override that its policy cannot have
 */
export function toNewOverride({ policy }: Limit, { limit, burst, ttlMs }: Override): Override {
  requireFit(policy, { limit, burst })
  return { limit, burst: burst ?? (policy.burst === undefined ? limit : undefined), ttlMs }
}

/**
 * The override that a PATCH makes of the present one. A burst that is the limit, because neither the
 * override nor its policy has one, follows the limit.
 * @throws Problem invalid-request for an override that its policy cannot have
 */
export function toChangedOverride(
  limit: Limit,
  present: Exception,
  sent: Partial<Override>,
): Override {
  const { policy } = limit
  const hasBurst = present.burst > 0 && algorithmOf(policy).parameters.includes('burst')
  const isLimit = policy.burst === undefined && present.burst === present.limit
  const { burst } = hasBurst && !isLimit ? present : {}
  return toNewOverride(limit, { limit: present.limit, burst, ...sent })
}

function requireFit(policy: Policy, { limit, burst }: Override): void {
  requireUsable({ ...policy, limit, ...(burst !== undefined && { burst }) })
}
