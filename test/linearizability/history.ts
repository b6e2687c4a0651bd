/** What a caller knows of one call; see checker/main.go. */
export interface Operation {
  readonly lock: string
  readonly op: 'acquire' | 'renew' | 'release' | 'verify'
  /** Which acquire, with its repeats, this is about; from 1. */
  readonly lease: number
  /**
   * Of an acquire: granted, or refused because another holds. Of the rest: whether the lease held.
   * unknown: it may take effect at any later time, or never.
   */
  readonly out: 'granted' | 'refused' | 'held' | 'lost' | 'unknown'
  readonly fence?: number
  readonly ttlUs?: number
  /** Microseconds of CLOCK_MONOTONIC. */
  readonly call: number
  readonly end?: number
}
