import type { Static } from 'typebox'
import { invalid } from '../../http/problem.js'
import type { RefundRequest } from './schemas.js'

/** 2100-01-01 */
const MAX_TIME_MS = 4_102_444_800_000

/**
 * When the cost was consumed, and how long it counted.
 * @throws Problem invalid-request for a time outside of the bounds, or a `resetAfterMs` without one
 */
export function toTaken({ takenAt, resetAfterMs }: Static<typeof RefundRequest>) {
  if (takenAt === undefined) {
    if (resetAfterMs !== undefined) throw invalid('body/resetAfterMs', 'needs takenAt')
    return {}
  }
  const takenAtMs = Date.parse(takenAt)
  if (takenAtMs < 0 || takenAtMs > MAX_TIME_MS) {
    throw invalid('body/takenAt', `must be from 1970 to 2100, not ${takenAt}`)
  }
  return { takenAtMs, resetAfterMs }
}
