import type { Algorithm } from './algorithm.js'

export const fixedWindow: Algorithm = {
  parameters: ['windowMs', 'align'],
  required: ['windowMs'],
  maxInAnyWindow: ({ limit }) => 2 * limit,
  maxCost: ({ limit }) => limit,
  fault: () => undefined,
  toScript: ({ limit, windowMs = 0, align }) => ({
    kind: align === 'first-hit' ? 'f' : 'w',
    a: limit,
    b: windowMs * 1_000,
    c: align === 'first-hit' ? 1 : 0,
  }),
}

export const slidingWindow: Algorithm = {
  parameters: ['windowMs', 'buckets', 'mode'],
  required: ['windowMs'],
  maxInAnyWindow: ({ limit, mode }) => (mode === 'strict' ? limit : 2 * limit),
  maxCost: ({ limit }) => limit,
  fault: () => undefined,
  toScript({ limit, windowMs = 0, buckets = 1, mode }) {
    const width = Math.ceil((windowMs * 1_000) / buckets)
    return { kind: 's', a: limit, b: width, c: mode === 'strict' ? -buckets : buckets }
  },
}

/** A log keeps every call: this many, and no more, fit into a script's turn. */
const MAX_LOG = 10_000

export const slidingLog: Algorithm = {
  parameters: ['windowMs'],
  required: ['windowMs'],
  maxInAnyWindow: ({ limit }) => limit,
  maxCost: ({ limit }) => limit,
  fault({ limit }) {
    if (limit <= MAX_LOG) return undefined
    return { field: 'limit', message: `of a sliding-log is ${MAX_LOG} at most` }
  },
  toScript: ({ limit, windowMs = 0 }) => ({ kind: 'e', a: limit, b: windowMs * 1_000, c: 0 }),
}
