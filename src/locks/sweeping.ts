import type { Redis } from 'ioredis'
import { BUCKETS_KEY, WALKER_KEY } from './keys.js'
import type { Head } from './reply-head.js'

/** The locks of one namespace that share a hash tag. */
export interface Bucket {
  readonly namespace: string
  readonly tag: string
  /** In milliseconds of the clock given to createSweeper; Infinity for nothing. */
  dueAt: number
  timer: NodeJS.Timeout | undefined
}

export interface SweeperOptions {
  /** Looks at what is due in a bucket. */
  readonly sweep: (bucket: Bucket) => Promise<Head>
  /** For the few commands that belong to no bucket. */
  readonly client: () => Redis
  readonly instance: string
  /** Milliseconds, growing; tests move it. */
  readonly now: () => number
  /** A clock that tests move is looked at more often than a timer would. */
  readonly lookEveryMs: number
}

export interface Sweeper {
  bucket(namespace: string, tag: string): Bucket
  /** Takes up what a script said about the next deadline. */
  note(bucket: Bucket, nextMs: number): void
  /** Visits every bucket in use, if no other instance did so within the minute. */
  walk(): Promise<void>
  close(): void
}

/** Instances that know the same deadline do not all come in the same instant. */
const JITTER_MS = 50
const RETRY_MS = 250
const WALK_EVERY_MS = 60_000
/** Shorter than the interval, so that the same instance may walk again. */
const WALK_LEASE_MS = 55_000
const FORGET_BUCKET_MS = 7 * 86_400_000

/**
 * Nobody polls: each instance looks at a bucket when the first deadline it knows there is due. What
 * an instance knew that is gone, another finds on its walk of the buckets, once a minute.
 */
export function createSweeper(options: SweeperOptions): Sweeper {
  const { now, lookEveryMs, client, instance } = options
  const buckets = new Map<string, Bucket>()
  let closed = false

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
    try {
      note(bucket, (await options.sweep(bucket)).nextMs)
    } catch {
      note(bucket, RETRY_MS)
    }
  }

  function note(bucket: Bucket, nextMs: number): void {
    if (nextMs === 0) return
    const dueAt = now() + nextMs
    if (dueAt >= bucket.dueAt) return
    bucket.dueAt = dueAt + Math.random() * JITTER_MS
    arm(bucket)
  }

  function register(used: Iterable<Bucket>): void {
    const entries: string[] = []
    for (const { namespace, tag } of used) entries.push(String(Date.now()), `${namespace} ${tag}`)
    if (entries.length === 0) return
    client()
      .zadd(BUCKETS_KEY, ...entries)
      .catch(() => undefined)
  }

  async function walk(): Promise<void> {
    const mine = await client().set(WALKER_KEY, instance, 'PX', WALK_LEASE_MS, 'NX')
    if (mine === null) return
    await client().zremrangebyscore(BUCKETS_KEY, '-inf', `${Date.now() - FORGET_BUCKET_MS}`)
    for (const member of await client().zrange(BUCKETS_KEY, '0', '-1')) {
      const [namespace = '', tag = ''] = member.split(' ')
      const { nextMs } = await options.sweep({ namespace, tag, dueAt: 0, timer: undefined })
      note(get(namespace, tag), nextMs)
    }
  }

  function get(namespace: string, tag: string): Bucket {
    const key = `${namespace} ${tag}`
    let bucket = buckets.get(key)
    if (!bucket) {
      bucket = { namespace, tag, dueAt: Number.POSITIVE_INFINITY, timer: undefined }
      buckets.set(key, bucket)
      register([bucket])
    }
    return bucket
  }

  const walker = setInterval(() => {
    register(buckets.values())
    walk().catch(() => undefined)
  }, WALK_EVERY_MS)
  walker.unref()

  return {
    bucket: get,
    note,
    walk,
    close() {
      closed = true
      clearInterval(walker)
      for (const { timer } of buckets.values()) clearTimeout(timer)
    },
  }
}
