import type { Binder } from '../../redis/binder.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { randomToken } from '../../redis/random.js'
import { remainingMs } from '../../redis/remaining.js'
import { kindOf } from '../algorithms/algorithms.js'
import { exceptionKey, limitKey, recordKey } from '../keys.js'
import type { Limit } from '../limit.js'
import {
  acquireScript,
  type LeaseReply,
  type Looked,
  lookScript,
  releaseScript,
  renewScript,
} from './scripts.js'

/** Leases of policies that limit what is in flight at once. */
export interface LeaseStore {
  acquire(
    namespace: string,
    limit: Limit,
    weight: number,
    idempotency: Idempotency | undefined,
  ): Promise<LeaseReply & { readonly expiresInMs: number }>
  look(namespace: string, limit: Limit): Promise<Looked>
  /** @returns ms that the lease lives at least; undefined where there is none */
  renew(namespace: string, limit: Limit, leaseId: string): Promise<number | undefined>
  /** @returns whether there was one */
  release(namespace: string, limit: Limit, leaseId: string): Promise<boolean>
}

export function createLimitLeaseStore(binder: Binder): LeaseStore {
  const acquire = binder.bind(acquireScript)
  const look = binder.bind(lookScript)
  const renew = binder.bind(renewScript)
  const release = binder.bind(releaseScript)
  const stateOf = (namespace: string, limit: Limit) =>
    limitKey(namespace, kindOf(limit.policy), limit)

  return {
    async acquire(namespace, limit, weight, idempotency) {
      const since = performance.now()
      const reply = await acquire(
        {
          state: stateOf(namespace, limit),
          exception: exceptionKey(namespace, limit),
          record: idempotency && recordKey(namespace, limit, 'acquire', idempotency.digest),
        },
        {
          // The weight is part of the name, so that whoever ends it need not look it up.
          lease: `${randomToken()}.${weight}`,
          weight,
          limit: limit.policy.limit,
          lease_ms: leaseMsOf(limit),
          fingerprint: idempotency?.fingerprint ?? '',
          record_ttl_ms: idempotency?.ttlMs ?? 0,
        },
      )
      return { ...reply, expiresInMs: remainingMs(reply.leftUs / 1_000, since) }
    },

    look: (namespace, limit) =>
      look(
        { state: stateOf(namespace, limit), exception: exceptionKey(namespace, limit) },
        { limit: limit.policy.limit },
      ),

    async renew(namespace, limit, leaseId) {
      const since = performance.now()
      const leftUs = await renew(
        { state: stateOf(namespace, limit) },
        { lease: leaseId, lease_ms: leaseMsOf(limit) },
      )
      return leftUs === 0 ? undefined : remainingMs(leftUs / 1_000, since)
    },

    release: (namespace, limit, leaseId) =>
      release({ state: stateOf(namespace, limit) }, { lease: leaseId }),
  }
}

const leaseMsOf = ({ policy: { leaseMs = 0 } }: Limit): number => leaseMs
