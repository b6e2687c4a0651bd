import { integer } from '../redis/reply.js'

/** What every script of this room says besides its own answer. */
export interface Head {
  /** Until something happens by time alone, 0 for never. */
  readonly nextMs: number
  /** Leases that this call found expired, and grants that nobody had claimed. */
  readonly expired: number
  readonly claimTimeouts: number
}

/** What every call that decides about a lease sends. */
export const COMMON = ['floor', 'ended_ttl_ms'] as const

/** Reads the head of a reply. */
export const readHead = (parts: readonly unknown[]): Head => ({
  nextMs: integer(parts[0]),
  expired: integer(parts[1]),
  claimTimeouts: integer(parts[2]),
})
