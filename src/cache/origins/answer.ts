import type { Problem } from '../../http/problem.js'
import { problem } from '../problems.js'
import type { LoadFailure, LoadNote } from './loading/reply.js'

/** Why a value was not loaded. */
export const notLoaded = ({ code, message, originStatus, retryAfterMs }: LoadFailure): Problem =>
  problem(code, message, {
    retryAfterMs,
    ...(originStatus !== undefined && { extensions: { originStatus } }),
  })

/** How a value was loaded, as Cache-Status says it (RFC 9211). */
export function loadStatus({ status, isStored, isCollapsed, isStale }: LoadNote): string {
  const parts = ['lockstep', isStale ? 'fwd=stale' : 'fwd=uri-miss']
  if (status !== undefined) parts.push(`fwd-status=${status}`)
  if (isStored) parts.push('stored')
  if (isCollapsed) parts.push('collapsed')
  return parts.join('; ')
}
