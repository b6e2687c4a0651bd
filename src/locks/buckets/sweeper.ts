/** The locks of one namespace that share a hash tag. */
export interface Bucket {
  readonly namespace: string
  readonly tag: string
  /** In milliseconds of the sweeper's clock; Infinity for never. */
  dueAt: number
  timer: NodeJS.Timeout | undefined
}

export interface SweeperOptions {
  /** Ends what is due in a bucket; answers the milliseconds until its next deadline, 0 for none. */
  readonly sweep: (bucket: Bucket) => Promise<number>
  /** Lists a bucket with a known deadline, so that others find it if this instance dies. */
  readonly register: (bucket: Bucket) => void
  /** Microseconds by which tests moved the clock of the scripts; undefined in production. */
  readonly clockOffsetUs?: (() => number) | undefined
}

/** So that instances that know the same deadline do not all come at the same moment. */
const JITTER_MS = 50
const RETRY_MS = 250
const LOOK_EVERY_MS = 60_000
/** A clock that tests move needs more looks than a timer gives. */
const LOOK_EVERY_MS_IN_TESTS = 20
/** The answer of a script while more is due than one call ends. */
const AT_ONCE_MS = 1

const keyOf = ({ namespace, tag }: Pick<Bucket, 'namespace' | 'tag'>) => `${namespace} ${tag}`

/**
 * No instance polls: each sweeps a bucket when the first deadline it knows there is due, and again
 * at once while more is due. It keeps no bucket without a deadline.
 */
export class Sweeper {
  readonly #options: SweeperOptions
  readonly #buckets = new Map<string, Bucket>()
  #closed = false

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  /** The bucket with its known deadline, or a new one. */
  bucket(namespace: string, tag: string): Bucket {
    const known = this.#buckets.get(keyOf({ namespace, tag }))
    return known ?? { namespace, tag, dueAt: Number.POSITIVE_INFINITY, timer: undefined }
  }

  /** Takes up the next deadline of a bucket as a script reports it; 0 for none. */
  note(given: Bucket, nextMs: number): void {
    if (nextMs === 0 || this.#closed) return
    // A waiter may hold a bucket that was forgotten here meanwhile.
    const bucket = this.#buckets.get(keyOf(given)) ?? given
    this.#buckets.set(keyOf(bucket), bucket)
    this.#options.register(bucket)
    const dueAt = this.#now() + (nextMs === AT_ONCE_MS ? 0 : nextMs)
    if (dueAt >= bucket.dueAt) return
    bucket.dueAt = nextMs === AT_ONCE_MS ? dueAt : dueAt + Math.random() * JITTER_MS
    this.#arm(bucket)
  }

  close(): void {
    this.#closed = true
    for (const { timer } of this.#buckets.values()) clearTimeout(timer)
  }

  #now(): number {
    return performance.now() + (this.#options.clockOffsetUs?.() ?? 0) / 1_000
  }

  #arm(bucket: Bucket): void {
    if (this.#closed) return
    const mostMs = this.#options.clockOffsetUs ? LOOK_EVERY_MS_IN_TESTS : LOOK_EVERY_MS
    const ms = Math.min(Math.max(0, bucket.dueAt - this.#now()), mostMs)
    clearTimeout(bucket.timer)
    bucket.timer = setTimeout(() => void this.#look(bucket), ms)
    bucket.timer.unref()
  }

  async #look(bucket: Bucket): Promise<void> {
    if (this.#now() < bucket.dueAt) return this.#arm(bucket)
    bucket.dueAt = Number.POSITIVE_INFINITY
    bucket.timer = undefined
    const nextMs = await this.#sweepAll(bucket).catch(() => RETRY_MS)
    this.note(bucket, nextMs)
    if (bucket.dueAt === Number.POSITIVE_INFINITY) this.#buckets.delete(keyOf(bucket))
  }

  async #sweepAll(bucket: Bucket): Promise<number> {
    let nextMs = AT_ONCE_MS
    while (nextMs === AT_ONCE_MS && !this.#closed) nextMs = await this.#options.sweep(bucket)
    return nextMs
  }
}
