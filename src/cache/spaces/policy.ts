/** How a space keeps values in the memory of each process. */
export interface L1Policy {
  readonly maxEntries: number
  readonly maxBytes: number
  /** Longest time that a value is served from memory. */
  readonly ttlMs: number
  readonly policy: 'lru' | 'lfu' | 'ttl'
  /** How long values are still served from memory once Redis does not answer; 0 for not at all. */
  readonly outageMs: number
}

export const DEFAULT_L1: L1Policy = Object.freeze({
  maxEntries: 10_000,
  maxBytes: 64 * 1024 * 1024,
  ttlMs: 60_000,
  policy: 'lru',
  outageMs: 0,
})

/** How one kind of data is cached. */
export interface SpacePolicy {
  /** Fresh for. */
  readonly ttlMs: number
  /** Then served stale, while one caller loads, for. */
  readonly staleMs: number
  /** Instead of `staleMs`, once a load failed or its lease ran out. */
  readonly errorMs: number
  /** How long it is known that there is no value. */
  readonly negativeTtlMs: number
  /** Longest time without use; 0 for none. */
  readonly idleMs: number
  /** Up to this share is taken off the TTL, so that what was stored together does not expire so. */
  readonly jitter: number
  /** Length of a lease, where loads are not known to take longer. */
  readonly leaseMs: number
  /** Up to which it grows. */
  readonly maxLeaseMs: number
  readonly maxValueBytes: number
  /** Greedier early refresh above 1, none at 0. */
  readonly earlyRefreshBeta: number
  /** Only conditional writes and fills. */
  readonly requirePrecondition: boolean
  /** How values are kept in the memory of each process as well. */
  readonly l1: L1Policy | 'off'
}

/** The largest `maxValueBytes` of any space. */
export const MAX_VALUE_BYTES = 8 * 1024 * 1024

export const DEFAULT_POLICY: SpacePolicy = Object.freeze({
  ttlMs: 300_000,
  staleMs: 0,
  errorMs: 0,
  negativeTtlMs: 60_000,
  idleMs: 0,
  jitter: 0.1,
  leaseMs: 10_000,
  maxLeaseMs: 60_000,
  maxValueBytes: 1024 * 1024,
  earlyRefreshBeta: 1,
  requirePrecondition: false,
  l1: 'off',
})

type Partly<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** A policy as it was said: every field may be left to the default. */
export type SentPolicy = Partly<Omit<SpacePolicy, 'l1'>> & {
  readonly l1?: Partly<L1Policy> | 'off' | undefined
}

export const toPolicy = ({ l1 = 'off', ...sent }: SentPolicy): SpacePolicy =>
  ({
    ...DEFAULT_POLICY,
    ...sent,
    l1: l1 === 'off' ? l1 : { ...DEFAULT_L1, ...l1 },
  }) as SpacePolicy
