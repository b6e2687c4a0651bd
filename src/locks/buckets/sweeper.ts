import type { Head } from '../reply-head.js'
import type { BucketRegistry } from './registry.js'

/** The locks of one namespace that share a hash tag. */
export interface Bucket {
  readonly namespace: string
  readonly tag: string
  /** In milliseconds of the sweeper's clock; Infinity for nothing. */
  dueAt: number
  timer: NodeJS.Timeout | undefined
}

export interface SweeperOptions {
  /** Looks at what is due in a bucket. */
  readonly sweep: (bucket: Bucket) => Promise<Head>
  /** Of the buckets with a known deadline: others have to find it if this instance dies. */
  readonly registry: BucketRegistry
  /** Microseconds by which tests moved the clock of the scripts; undefined in production. */
  readonly clockOffsetUs?: (() => number) | undefined
}

export interface Sweeper {
  /** The one that is known here, if any of its deadlines is; else a fresh one. */
  bucket(namespace: string, tag: string): Bucket
  /** Takes up what a script said about the next deadline. */
  note(bucket: Bucket, nextMs: number): void
  close(): void
}

/** Instances that know the same deadline do not all come in the same instant. */
const JITTER_MS = 50
const RETRY_MS = 250
const LOOK_EVERY_MS = 60_000
/** A clock that tests move is looked at more often than a timer would. */
const LOOK_EVERY_MS_IN_TESTS = 20
/** What the scripts say while more is due than one call looks at. */
const AT_ONCE_MS = 1

/**
 * Nobody polls: each instance looks at a bucket when the first deadline it knows there is due, and
 * goes on at once while more is. It knows no bucket without a deadline.
 */
export function createSweeper({ sweep, registry, clockOffsetUs }: SweeperOptions): Sweeper {
  const buckets = new Map<string, Bucket>()
  const lookEveryMs = clockOffsetUs ? LOOK_EVERY_MS_IN_TESTS : LOOK_EVERY_MS
  let closed = false

  const now = () => performance.now() + (clockOffsetUs?.() ?? 0) / 1_000
  const keyOf = ({ namespace, tag }: Bucket) => `${namespace} ${tag}`

  function arm(bucket: Bucket): void {
    if (closed) return
    clearTimeout(bucket.timer)
    bucket.timer = setTimeout(
      () => void look(bucket),
      Math.min(Math.max(0, bucket.dueAt - now()), lookEveryMs),
    )
    bucket.timer.unref()
  }

  async function look(bucket: Bucket): Promise<void> {
    if (now() < bucket.dueAt) return arm(bucket)
    bucket.dueAt = Number.POSITIVE_INFINITY
    bucket.timer = undefined
    const nextMs = await sweepAll(bucket).catch(() => RETRY_MS)
    note(bucket, nextMs)
    if (bucket.dueAt === Number.POSITIVE_INFINITY) buckets.delete(keyOf(bucket))
  }

  async function sweepAll(bucket: Bucket): Promise<number> {
    let nextMs = AT_ONCE_MS
    while (nextMs === AT_ONCE_MS && !closed) nextMs = (await sweep(bucket)).nextMs
    return nextMs
  }

  function note(given: Bucket, nextMs: number): void {
    if (nextMs === 0 || closed) return
    // A waiter may know one that was forgotten here meanwhile.
    const bucket = buckets.get(keyOf(given)) ?? given
    buckets.set(keyOf(bucket), bucket)
    registry.register(bucket)
    const dueAt = now() + (nextMs === AT_ONCE_MS ? 0 : nextMs)
    if (dueAt >= bucket.dueAt) return
    bucket.dueAt = nextMs === AT_ONCE_MS ? dueAt : dueAt + Math.random() * JITTER_MS
    arm(bucket)
  }

  return {
    bucket: (namespace, tag) =>
      buckets.get(`${namespace} ${tag}`) ?? {
        namespace,
        tag,
        dueAt: Number.POSITIVE_INFINITY,
        timer: undefined,
      },
    note,
    close() {
      closed = true
      for (const { timer } of buckets.values()) clearTimeout(timer)
    },
  }
}
