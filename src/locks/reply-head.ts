import { integer } from '../redis/reply.js'

/** What every script of this domain reports besides its own answer. */
export interface Head {
  /** Until the next deadline of the bucket, 0 for none. */
  readonly nextMs: number
  /** Leases that this call found expired. */
  readonly expired: number
  /** Grants that this call took back because nobody claimed them in time. */
  readonly claimTimeouts: number
  /** Waiters that this call removed because nobody waits there any more. */
  readonly gone: number
}

/** Sent by every call that decides about a lease. */
export const COMMON = ['floor', 'ended_ttl_ms'] as const

export const readHead = (parts: readonly unknown[]): Head => ({
  nextMs: integer(parts[0]),
  expired: integer(parts[1]),
  claimTimeouts: integer(parts[2]),
  gone: integer(parts[3]),
})
