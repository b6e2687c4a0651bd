import type { Policy } from '../policies/policy.js'
import type { Algorithm, PolicyFault } from './algorithm.js'

/** 1/16 us per unit of cost: in shorter intervals the rounding would be noticeable. */
const MIN_INTERVAL = 100
/** Sums of times must be exact in a double: a burst or a queue reaches a few years ahead at most. */
const MAX_ROOM = 2 ** 52

/** Time per unit of cost, in 1/16 us. */
const intervalOf = ({ limit, windowMs = 0 }: Policy): number =>
  Math.ceil((16_000 * windowMs) / limit)

const burstOf = ({ burst, limit }: Policy): number => burst ?? limit

function tooFine(policy: Policy): PolicyFault | undefined {
  if (intervalOf(policy) >= MIN_INTERVAL) return undefined
  return { field: 'limit', message: 'is too large for the window: count in a larger unit' }
}

export const gcra: Algorithm = {
  parameters: ['windowMs', 'burst'],
  required: () => ['windowMs'],
  maxInAnyWindow: (policy) => burstOf(policy) + policy.limit,
  maxCost: burstOf,
  fault(policy) {
    if (intervalOf(policy) * burstOf(policy) <= MAX_ROOM) return tooFine(policy)
    const message = 'takes too long to refill: use a smaller burst or window'
    return { field: 'burst', message }
  },
  kind: () => 'g',
  toScript(policy) {
    const { windowMs = 0 } = policy
    return { a: intervalOf(policy), b: burstOf(policy), c: windowMs * 1_000 }
  },
}

/**
 * A cost above the limit is refused, because it would take longer than a window. A span as long as the
 * window contains starts that cost `limit - 1` and one more call, which costs `limit` at most; if
 * every call costs 1, the sum is `limit`.
 */
export const leakyBucket: Algorithm = {
  parameters: ['windowMs', 'maxDelayMs'],
  required: () => ['windowMs', 'maxDelayMs'],
  maxInAnyWindow: ({ limit }) => 2 * limit - 1,
  maxCost: ({ limit }) => limit,
  fault: tooFine,
  kind: () => 'l',
  toScript: ({ limit, windowMs = 0, maxDelayMs = 0 }) => ({
    a: limit,
    b: windowMs * 1_000,
    c: maxDelayMs * 1_000,
  }),
}
