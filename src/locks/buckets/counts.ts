/** What the buckets contain, and the lag of the sweep that is furthest behind. */
export interface Counts {
  readonly locks: number
  readonly semaphores: number
  readonly queued: number
  readonly lateMs: number
}

interface BucketCountsOptions {
  /** The buckets with a deadline, at most so many. */
  readonly list: (max: number) => Promise<readonly { namespace: string; tag: string }[]>
  readonly count: (namespace: string, tag: string) => Promise<Counts>
  /** Microseconds by which tests moved the clock of the scripts; undefined in production. */
  readonly clockOffsetUs?: (() => number) | undefined
}

/** A bucket costs Redis microseconds, so all of them stay within milliseconds. */
const MAX_BUCKETS = 1_024
const MAX_AGE_MS = 5_000
const NONE: Counts = { locks: 0, semaphores: 0, queued: 0, lateMs: 0 }

/** Counts the buckets of all namespaces, for gauges. */
export class BucketCounts {
  readonly #options: BucketCountsOptions
  #counted: Promise<Counts | undefined> | undefined
  #countedAtMs = 0

  constructor(options: BucketCountsOptions) {
    this.#options = options
  }

  /** At most 5 s old; undefined while Redis does not answer. */
  read(): Promise<Counts | undefined> {
    const now = performance.now() + (this.#options.clockOffsetUs?.() ?? 0) / 1_000
    if (!this.#counted || now - this.#countedAtMs >= MAX_AGE_MS) {
      this.#countedAtMs = now
      this.#counted = this.#count().catch(() => undefined)
    }
    return this.#counted
  }

  async #count(): Promise<Counts> {
    const { count, list } = this.#options
    const buckets = await list(MAX_BUCKETS)
    const all = await Promise.all(buckets.map(({ namespace, tag }) => count(namespace, tag)))
    return all.reduce(
      (sum, one) => ({
        locks: sum.locks + one.locks,
        semaphores: sum.semaphores + one.semaphores,
        queued: sum.queued + one.queued,
        lateMs: Math.max(sum.lateMs, one.lateMs),
      }),
      NONE,
    )
  }
}
