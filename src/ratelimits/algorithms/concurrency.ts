import type { Algorithm } from './algorithm.js'

/** Expired leases are removed one by one: more would take a script too long. */
const MAX_LEASES = 10_000

/** A lease cannot be in shadow, granted without Redis or by a list, or released by a proxy. */
const UNFIT = ['shadow', 'onError', 'allow', 'deny', 'authz'] as const

/** Counts leases in flight instead of calls: `leases/` replaces checks. */
export const concurrency: Algorithm = {
  parameters: ['leaseMs'],
  required: () => ['leaseMs'],
  maxInAnyWindow: ({ limit }) => limit,
  maxCost: ({ limit }) => limit,
  fault(policy) {
    if (policy.limit > MAX_LEASES) {
      return { field: 'limit', message: `of leases is ${MAX_LEASES} at most` }
    }
    const field = UNFIT.find((name) => policy[name] !== undefined && policy[name] !== false)
    return field && { field, message: 'is not for concurrency' }
  },
  kind: () => 'n',
  toScript: ({ limit }) => ({ a: limit, b: 0, c: 0 }),
}
