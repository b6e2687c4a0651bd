import type { Binder } from '../../redis/binder.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { randomToken } from '../../redis/random.js'
import { remainingMs } from '../../redis/remaining.js'
import { kindOf } from '../algorithms/algorithms.js'
import { exceptionKey, limitKey, recordKey } from '../keys.js'
import type { Limit } from '../limit.js'
import { acquireScript, inspectScript, releaseScript, renewScript } from './scripts.js'

/** Leases of concurrency policies. */
export function createLimitLeaseStore(binder: Binder) {
  const acquire = binder.bind(acquireScript)
  const inspect = binder.bind(inspectScript)
  const renew = binder.bind(renewScript)
  const release = binder.bind(releaseScript)
  const stateOf = (namespace: string, limit: Limit) =>
    limitKey(namespace, kindOf(limit.policy), limit)

  return {
    async acquire(
      namespace: string,
      limit: Limit,
      weight: number,
      idempotency: Idempotency | undefined,
    ) {
      const since = performance.now()
      const reply = await acquire(
        {
          state: stateOf(namespace, limit),
          exception: exceptionKey(namespace, limit),
          record: idempotency && recordKey(namespace, limit, 'acquire', idempotency.digest),
        },
        {
          // The weight is a part of the id, so that the end of a lease needs no lookup.
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

    inspect: (namespace: string, limit: Limit) =>
      inspect(
        { state: stateOf(namespace, limit), exception: exceptionKey(namespace, limit) },
        { limit: limit.policy.limit },
      ),

    /** @returns lower bound of the lifetime in ms; undefined without such a lease */
    async renew(namespace: string, limit: Limit, token: string): Promise<number | undefined> {
      const since = performance.now()
      const leftUs = await renew(
        { state: stateOf(namespace, limit) },
        { lease: token, lease_ms: leaseMsOf(limit) },
      )
      return leftUs === 0 ? undefined : remainingMs(leftUs / 1_000, since)
    },

    /** @returns whether there was such a lease */
    release: (namespace: string, limit: Limit, token: string) =>
      release({ state: stateOf(namespace, limit) }, { lease: token }),
  }
}

const leaseMsOf = ({ policy: { leaseMs = 0 } }: Limit): number => leaseMs
