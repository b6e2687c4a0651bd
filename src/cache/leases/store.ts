import type { Binder } from '../../redis/binder.js'
import { remainingMs } from '../../redis/remaining.js'
import type { ReadReply } from '../entries/scripts.js'
import type { CacheKey, LeaseOffer } from '../entries/store.js'
import { jittered, type Life } from '../entries/value.js'
import type { Partitions } from '../partition.js'
import { type ConfirmOutcome, cancelScript, confirmScript, renewScript } from './scripts.js'

/** Leases that were granted; a read grants them, see leased-reads.ts. */
export interface LeaseStore {
  /**
   * @param proof of the grant
   * @returns how long the lease lasts now, in milliseconds; undefined where it was not the caller's
   */
  renew(key: CacheKey, proof: string, leaseMs: number): Promise<number | undefined>
  /**
   * Gives the lease up.
   * @param backoffMs after a failed load: no caller may load for so long; 0 for no back-off
   * @returns whether the lease was the caller's
   */
  cancel(key: CacheKey, proof: string, backoffMs: number): Promise<boolean>
  /** Gives the lease up, because the value may not be stored: for `passMs` each reader loads for itself. */
  pass(key: CacheKey, proof: string, passMs: number): Promise<boolean>
  /** The origin says that the value of the grant is current: its times begin again, and the lease ends. */
  confirm(key: CacheKey, proof: string, life: Life): Promise<ConfirmOutcome>
  /**
   * Gives up the lease of a read whose caller never hears of it. A client with a token of its own
   * keeps it: its next request is granted the same lease.
   */
  abandon(key: CacheKey, offer: Pick<LeaseOffer, 'isOwn'>, reply: Pick<ReadReply, 'lease'>): void
}

export function createLeaseStore(binder: Binder, partitions: Partitions): LeaseStore {
  const scripts = {
    renew: binder.bind(renewScript),
    cancel: binder.bind(cancelScript),
    confirm: binder.bind(confirmScript),
  }
  const keysOf = ({ namespace, space, key }: CacheKey) => partitions.keysOf(namespace, space, key)

  const end = (key: CacheKey, proof: string, backoffMs: number, passMs: number) =>
    scripts.cancel(keysOf(key), {
      on_restart: partitions.onRestart(),
      space: key.space,
      name: key.key,
      proof,
      backoff_ms: backoffMs,
      pass_ms: passMs,
    })
  const cancel: LeaseStore['cancel'] = (key, proof, backoffMs) => end(key, proof, backoffMs, 0)

  return {
    async renew(key, proof, leaseMs) {
      const sentAt = performance.now()
      const isRenewed = await scripts.renew(keysOf(key), {
        on_restart: partitions.onRestart(),
        space: key.space,
        proof,
        lease_ms: leaseMs,
      })
      return isRenewed ? remainingMs(leaseMs, sentAt) : undefined
    },
    cancel,
    confirm: (key, proof, { ttlMs, staleMs, errorMs }) =>
      scripts.confirm(keysOf(key), {
        on_restart: partitions.onRestart(),
        space: key.space,
        name: key.key,
        proof,
        ttl_ms: jittered(ttlMs, key.policy.jitter),
        stale_ms: staleMs,
        error_ms: errorMs,
      }),
    pass: (key, proof, passMs) => end(key, proof, 0, passMs),
    abandon(key, { isOwn }, { lease }) {
      if (lease.kind === 'granted' && !isOwn) cancel(key, lease.proof, 0).catch(() => undefined)
    },
  }
}
