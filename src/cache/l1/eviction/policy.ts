/** What a policy must know of a value. */
export interface Evictable {
  /** Bytes, overhead included. */
  readonly weight: number
  /** When it ends, on the clock of the caller. */
  readonly expiresAt: number
}

/** Values by key, bounded in number and in bytes; the policies differ in what they evict. */
export interface EvictionPolicy<T extends Evictable> {
  /** Counts as a use. */
  get(key: string): T | undefined
  /** Does not count as a use. */
  peek(key: string): T | undefined
  /** May evict others, or refuse the value itself. */
  set(key: string, value: T): void
  delete(key: string): void
  /** Removes the value that the policy ranks last, if there is one. */
  evict(): void
  readonly size: number
  readonly bytes: number
}

export interface EvictionOptions {
  readonly maxEntries: number
  readonly maxBytes: number
  /** A value was removed because the bounds were reached. */
  readonly onEvict: () => void
}
