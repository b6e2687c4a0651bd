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
