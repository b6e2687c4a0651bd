import type { Algorithm } from './algorithm.js'
import { calendarFault, startsAround } from './calendar.js'

const CALENDAR = ['period', 'timeZone', 'anchorDay', 'anchorMonth'] as const

/** Each window admits `limit`, and a span as long as the shortest window touches two. */
export const fixedWindow: Algorithm = {
  parameters: ['windowMs', 'align', ...CALENDAR],
  required: ({ align }) => (align === 'calendar' ? ['period'] : ['windowMs']),
  maxInAnyWindow: ({ limit }) => 2 * limit,
  maxCost: ({ limit }) => limit,
  fault(policy) {
    if (policy.align === 'calendar') return calendarFault(policy)
    const field = CALENDAR.find((name) => policy[name] !== undefined)
    return field && { field, message: 'is for windows aligned with a calendar only' }
  },
  kind({ align }) {
    if (align === 'calendar') return 'c'
    return align === 'first-hit' ? 'f' : 'w'
  },
  toScript(policy, nowMs) {
    const { limit, windowMs = 0, align } = policy
    if (align === 'calendar') return { a: limit, b: startsAround(policy, nowMs), c: 0 }
    return { a: limit, b: windowMs * 1_000, c: align === 'first-hit' ? 1 : 0 }
  },
}

export const slidingWindow: Algorithm = {
  parameters: ['windowMs', 'buckets', 'mode'],
  required: () => ['windowMs'],
  maxInAnyWindow: ({ limit, mode }) => (mode === 'strict' ? limit : 2 * limit),
  maxCost: ({ limit }) => limit,
  fault: () => undefined,
  kind: () => 's',
  toScript({ limit, windowMs = 0, buckets = 1, mode }) {
    const width = Math.ceil((windowMs * 1_000) / buckets)
    return { a: limit, b: width, c: mode === 'strict' ? -buckets : buckets }
  },
}

/** A log keeps every call: more would take a script too long. */
const MAX_LOG = 10_000

export const slidingLog: Algorithm = {
  parameters: ['windowMs'],
  required: () => ['windowMs'],
  maxInAnyWindow: ({ limit }) => limit,
  maxCost: ({ limit }) => limit,
  fault({ limit }) {
    if (limit <= MAX_LOG) return undefined
    return { field: 'limit', message: `of a sliding-log is ${MAX_LOG} at most` }
  },
  kind: () => 'e',
  toScript: ({ limit, windowMs = 0 }) => ({ a: limit, b: windowMs * 1_000, c: 0 }),
}
