import type { Binder } from '../redis/binder.js'
import type { Layout } from '../redis/layout.js'
import {
  inspectScript,
  listScript,
  resizeScript,
  revokeScript,
  verifyScript,
} from './admin/scripts.js'
import type { Bucket, Sweeper } from './buckets/sweeper.js'
import { bucketTag, lockKey, timersKey } from './keys.js'
import { acquireScript, claimScript, releaseScript, renewScript } from './leases/scripts.js'
import type { LockMetrics } from './metrics.js'
import {
  forgetBucketScript,
  heartbeatScript,
  leaveScript,
  restoreScript,
  sweepScript,
} from './queue/scripts.js'
import type { Head } from './reply-head.js'

/** Where the names of one call live, or undefined when they lie in several slots. */
export interface Place {
  readonly bucket: Bucket
  readonly keys: readonly string[]
}

const SWEEP_LOCKS = 32

/** The scripts of this room, with what each of them sends and learns besides its own business. */
export class LockCalls {
  readonly run
  readonly #layout: Layout
  /** How long an ended lease is remembered. */
  readonly endedTtlMs: number
  readonly #metrics: LockMetrics
  sweeper: Sweeper | undefined
  /** The highest fence seen by this process: a promoted replica may have missed the last ones. */
  floor = 0

  constructor(binder: Binder, layout: Layout, endedTtlMs: number, metrics: LockMetrics) {
    this.#layout = layout
    this.endedTtlMs = endedTtlMs
    this.#metrics = metrics
    this.run = {
      acquire: binder.bind(acquireScript),
      claim: binder.bind(claimScript),
      renew: binder.bind(renewScript),
      release: binder.bind(releaseScript),
      leave: binder.bind(leaveScript),
      heartbeat: binder.bind(heartbeatScript),
      restore: binder.bind(restoreScript),
      sweep: binder.bind(sweepScript),
      forgetBucket: binder.bind(forgetBucketScript),
      inspect: binder.bind(inspectScript),
      list: binder.bind(listScript),
      verify: binder.bind(verifyScript),
      revoke: binder.bind(revokeScript),
      resize: binder.bind(resizeScript),
    }
  }

  place(namespace: string, names: readonly string[]): Place | undefined {
    const tag = bucketTag(this.#layout, names[0] as string)
    const bucket = this.bucket(namespace, tag)
    if (names.length === 1) return { bucket, keys: [lockKey(namespace, tag, names[0] as string)] }
    if (names.some((name) => bucketTag(this.#layout, name) !== tag)) return undefined
    return { bucket, keys: names.map((name) => lockKey(namespace, tag, name)) }
  }

  /** One name is never in two slots. */
  placeOf(namespace: string, name: string): Place {
    return this.place(namespace, [name]) as Place
  }

  bucket(namespace: string, tag: string): Bucket {
    return (this.sweeper as Sweeper).bucket(namespace, tag)
  }

  /** Whether this Redis has such a bucket: the tag may come from a caller. */
  has(tag: string): boolean {
    return Number(tag.slice(1)) < this.#layout.lockBuckets
  }

  /** Every bucket of a namespace, in order. */
  tags(): string[] {
    return Array.from({ length: this.#layout.lockBuckets }, (_, i) => `l${i}`)
  }

  common() {
    return { floor: this.floor, ended_ttl_ms: this.endedTtlMs }
  }

  saw(fences: readonly number[]): void {
    for (const fence of fences) if (fence > this.floor) this.floor = fence
  }

  /** Something happens there by time alone. */
  look(namespace: string, tag: string, inMs: number): void {
    this.sweeper?.note(this.bucket(namespace, tag), inMs)
  }

  note(bucket: Bucket, head: Head): void {
    if (head.nextMs > 0) this.sweeper?.note(bucket, head.nextMs)
    this.#count(head)
  }

  async sweep({ namespace, tag }: Bucket): Promise<Head> {
    const head = await this.run.sweep(
      { timers: timersKey(namespace, tag) },
      { max_locks: SWEEP_LOCKS, ...this.common() },
    )
    this.#count(head)
    return head
  }

  #count({ expired, claimTimeouts }: Head): void {
    if (expired > 0) this.#metrics.ended('expired', expired)
    if (claimTimeouts > 0) this.#metrics.claimTimedOut(claimTimeouts)
  }
}
