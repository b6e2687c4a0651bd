/** What a caller knows about one call; see checker/main.go. */
export interface Operation {
  readonly lock: string
  readonly op: 'acquire' | 'renew' | 'release' | 'verify'
  /** The number of the acquire, shared by its repeats; from 1. */
  readonly lease: number
  /**
   * An acquire is granted, or refused because another holds the lock. Other calls find the lease
   * held or lost. An unknown call may take effect at any later time, or never.
   */
  readonly out: 'granted' | 'refused' | 'held' | 'lost' | 'unknown'
  readonly fence?: number
  readonly ttlUs?: number
  /** Microseconds of CLOCK_MONOTONIC. */
  readonly call: number
  readonly end?: number
}
