import type { FastifyError, FastifyRequest } from 'fastify'
import { Problem } from '../../http/problem.js'
import { keyOf } from '../entries/key.js'
import type { PolicyOf } from '../spaces/store.js'
import { LEASE_PATTERN } from './schemas.js'
import type { LeaseStore } from './store.js'

const LEASE = new RegExp(LEASE_PATTERN)

/** What a caller may have got wrong with the value that it loaded: malformed, or too large. */
const REFUSALS: readonly (number | undefined)[] = [400, 413]

/**
 * Ends the lease of a fill that is refused before Redis hears of it: its loader is done, and the
 * others would wait for nothing.
 */
export function endsLeaseOfRefusedFill(leases: Pick<LeaseStore, 'cancel'>, policyOf: PolicyOf) {
  return async (request: FastifyRequest, _reply: unknown, error: FastifyError): Promise<void> => {
    const lease = request.headers['lockstep-lease']
    const status = error instanceof Problem ? error.spec.status : error.statusCode
    if (typeof lease !== 'string' || !LEASE.test(lease) || !REFUSALS.includes(status)) return
    // A key that no path may hold was never leased.
    if (error.validationContext === 'params') return
    const { space, key } = request.params as { space: string; key: string }
    await keyOf({ namespace: request.namespace, params: { space, key } }, policyOf)
      .then((named) => leases.cancel(named, lease, 0))
      .catch(() => undefined)
  }
}
