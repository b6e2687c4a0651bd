import * as admin from './admin/scripts.js'
import { BucketCounts, type Counts } from './buckets/counts.js'
import { BucketRegistry } from './buckets/registry.js'
import { type Bucket, Sweeper } from './buckets/sweeper.js'
import { BUCKETS_KEY, bucketTag, indexKey, lockKey, queuedKey, timersKey } from './keys.js'
import * as leases from './leases/scripts.js'
import * as queue from './queue/scripts.js'
import type { Head } from './reply-head.js'
import * as semaphores from './semaphores/scripts.js'
import type { LockStoreOptions } from './store.js'

/** The names of one call, and where they lie. */
export interface Place {
  readonly bucket: Bucket
  readonly names: readonly string[]
  readonly keys: readonly string[]
}

const SWEEP_LOCKS = 32

/** The scripts of this domain, with what each of them sends and reports besides its own subject. */
export class LockCalls {
  readonly run
  /** How long an ended lease is remembered. */
  readonly endedTtlMs: number
  /** The highest fence this process has seen: a promoted replica may have missed the last ones. */
  floor = 0
  readonly #options: LockStoreOptions
  readonly #registry: BucketRegistry
  readonly #counts: BucketCounts
  readonly #sweeper: Sweeper

  /** @param instance id of this process */
  constructor(options: LockStoreOptions, instance: string) {
    const { binder, client } = options
    this.#options = options
    this.endedTtlMs = options.endedTtlMs
    this.run = {
      acquire: binder.bind(leases.acquireScript),
      claim: binder.bind(leases.claimScript),
      renew: binder.bind(leases.renewScript),
      release: binder.bind(leases.releaseScript),
      setMetadata: binder.bind(leases.setMetadataScript),
      downgrade: binder.bind(leases.downgradeScript),
      leave: binder.bind(queue.leaveScript),
      heartbeat: binder.bind(queue.heartbeatScript),
      restore: binder.bind(queue.restoreScript),
      sweep: binder.bind(queue.sweepScript),
      forgetBucket: binder.bind(queue.forgetBucketScript),
      count: binder.bind(queue.countScript),
      inspect: binder.bind(admin.inspectScript),
      list: binder.bind(admin.listScript),
      verify: binder.bind(admin.verifyScript),
      revoke: binder.bind(admin.revokeScript),
      resize: binder.bind(semaphores.resizeScript),
      removeCapacity: binder.bind(semaphores.removeCapacityScript),
    }
    const { forgetBucket } = this.run
    this.#registry = new BucketRegistry({
      client,
      instance,
      forget: (member, score) => forgetBucket({ buckets: BUCKETS_KEY }, { member, score }),
      sweep: async (namespace, tag) => {
        const bucket = this.bucket(namespace, tag)
        const nextMs = await this.#sweep(bucket)
        this.look(bucket, nextMs)
        return nextMs
      },
    })
    const { count } = this.run
    this.#counts = new BucketCounts({
      list: (max) => this.#registry.list(max),
      count: (namespace, tag) =>
        count(
          {
            timers: timersKey(namespace, tag),
            locks: indexKey(namespace, tag, 'locks'),
            semaphores: indexKey(namespace, tag, 'semaphores'),
            queued: queuedKey(namespace, tag),
          },
          {},
        ),
      clockOffsetUs: options.clockOffsetUs,
    })
    this.#sweeper = new Sweeper({
      sweep: (bucket) => this.#sweep(bucket),
      register: (bucket) => this.#registry.register(bucket),
      clockOffsetUs: options.clockOffsetUs,
    })
  }

  /** Undefined when the names lie in several slots. */
  place(namespace: string, names: readonly string[]): Place | undefined {
    const { layout } = this.#options
    const tag = bucketTag(layout, names[0] as string)
    const bucket = this.bucket(namespace, tag)
    if (names.length > 1 && names.some((name) => bucketTag(layout, name) !== tag)) return undefined
    return { bucket, names, keys: names.map((name) => lockKey(namespace, tag, name)) }
  }

  /** One name is never in two slots. */
  placeOf(namespace: string, name: string): Place {
    return this.place(namespace, [name]) as Place
  }

  bucket(namespace: string, tag: string): Bucket {
    return this.#sweeper.bucket(namespace, tag)
  }

  /** Whether this Redis has such a bucket: the tag may come from a caller. */
  has(tag: string): boolean {
    return Number(tag.slice(1)) < this.#options.layout.lockBuckets
  }

  /** Every bucket of a namespace, in order. */
  tags(): string[] {
    return Array.from({ length: this.#options.layout.lockBuckets }, (_, i) => `l${i}`)
  }

  common() {
    return { floor: this.floor, ended_ttl_ms: this.endedTtlMs }
  }

  saw(fences: readonly number[]): void {
    for (const fence of fences) if (fence > this.floor) this.floor = fence
  }

  /** Sweeps the bucket in so many milliseconds, or earlier; 0 for not at all. */
  look(bucket: Bucket, inMs: number): void {
    this.#sweeper.note(bucket, inMs)
  }

  note(bucket: Bucket, head: Head): void {
    this.look(bucket, head.nextMs)
    this.#count(head)
  }

  /** Of all namespaces; undefined while Redis does not answer. */
  counts(): Promise<Counts | undefined> {
    return this.#counts.read()
  }

  /** Visits the buckets that an instance left behind when it died. */
  walk(): Promise<void> {
    return this.#registry.walk()
  }

  close(): void {
    this.#sweeper.close()
    this.#registry.close()
  }

  async #sweep({ namespace, tag }: Bucket): Promise<number> {
    const head = await this.run.sweep(
      { timers: timersKey(namespace, tag) },
      { max_locks: SWEEP_LOCKS, ...this.common() },
    )
    this.#count(head)
    return head.nextMs
  }

  #count({ expired, claimTimeouts, gone }: Head): void {
    const { metrics } = this.#options
    if (expired > 0) metrics.ended('expired', expired)
    if (claimTimeouts > 0) metrics.claimTimedOut(claimTimeouts)
    if (gone > 0) metrics.waitersGone(gone)
  }
}
