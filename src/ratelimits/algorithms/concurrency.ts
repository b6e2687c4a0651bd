import type { Algorithm } from './algorithm.js'

/** Ended leases are found one by one: this many, and no more, fit into a script's turn. */
const MAX_LEASES = 10_000

/** Counts what is in flight, not what came: `leases/` takes the place of checks. */
export const concurrency: Algorithm = {
  parameters: ['leaseMs'],
  required: () => ['leaseMs'],
  maxInAnyWindow: ({ limit }) => limit,
  maxCost: ({ limit }) => limit,
  fault({ limit, shadow, onError, allow, deny, authz }) {
    if (limit > MAX_LEASES) {
      return { field: 'limit', message: `of leases is ${MAX_LEASES} at most` }
    }
    // A lease that nobody granted could be neither renewed nor released.
    const message = 'does not go together with concurrency'
    if (shadow) return { field: 'shadow', message }
    if (onError !== undefined) return { field: 'onError', message }
    if (allow !== undefined) return { field: 'allow', message }
    if (deny !== undefined) return { field: 'deny', message }
    // A proxy has nowhere to release a lease.
    if (authz !== undefined) return { field: 'authz', message }
    return undefined
  },
  kind: () => 'n',
  toScript: ({ limit }) => ({ a: limit, b: 0, c: 0 }),
}
