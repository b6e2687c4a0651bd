import { StoreError } from '../../redis/errors.js'
import type { ReadReply } from '../entries/scripts.js'
import type { CacheKey, LeaseOffer, LeveledReply, ReadOptions } from '../entries/store.js'
import type { CoherenceTracker } from './coherence-tracker.js'
import { Memory, type MemoryOptions } from './memory.js'
import { aged, type InFlightRead, type Kept, keep, type SpaceCache } from './space-cache.js'

export interface L1Options extends MemoryOptions {
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number
}

/**
 * Values in the memory of the process, in front of Redis. In sync, memory serves. Out of sync while
 * Redis answers, every read goes to Redis. While Redis does not answer, memory serves the values that
 * are not known to be invalid, until their stale windows end, for at most `outageMs`, and says so.
 */
export class L1 {
  readonly #options: L1Options
  readonly #now: () => number
  readonly #memory: Memory

  constructor(options: L1Options) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#memory = new Memory(options)
    options.metrics.watch(() => this.#memory.spaces())
  }

  /**
   * @param load asks Redis for the whole value; not called where memory can answer.
   * @throws the error of `load`, unless memory can answer instead.
   */
  async read(
    key: CacheKey,
    options: ReadOptions,
    load: () => Promise<ReadReply>,
  ): Promise<LeveledReply> {
    const { l1 } = key.policy
    if (!l1.enabled) {
      this.#memory.dropSpace(key.namespace, key.space)
      return load()
    }
    const partition = this.#options.partitions.of(key.space, key.key)
    const tracker = this.#memory.useTracker(key.namespace, partition)
    const cache = this.#memory.useSpace(key.namespace, key.space, l1)
    const kept = options.skipL1 ? undefined : this.#current(cache, tracker, key, options)
    if (kept) return kept
    try {
      const reply = await this.#load(cache, tracker, key, options, load)
      tracker.readAt = this.#now()
      return reply
    } catch (error) {
      const fallback = error instanceof StoreError && this.#degraded(cache, tracker, key, options)
      if (!fallback) throw error
      return fallback
    }
  }

  bytesOf({ namespace, space }: Pick<CacheKey, 'namespace' | 'space'>): number {
    return this.#memory.space(namespace, space)?.values.bytes ?? 0
  }

  /** Call it around every change of a key: before it is sent, and before it is answered. */
  changeKey({ namespace, space, key }: Pick<CacheKey, 'namespace' | 'space' | 'key'>): void {
    this.#memory.space(namespace, space)?.values.delete(key)
    const partition = this.#options.partitions.of(space, key)
    this.#memory.tracker(namespace, partition)?.changeKey(space, key)
  }

  /** The same for tags; without tags, for the whole space. */
  changeNames(namespace: string, space: string, tags: readonly string[]): void {
    for (const tracker of this.#memory.trackersOf(namespace)) {
      for (const tag of tags.length > 0 ? tags : ['']) tracker.changeName(space, tag)
    }
  }

  #current(
    cache: SpaceCache,
    tracker: CoherenceTracker,
    { space, key }: CacheKey,
    { minFreshMs = 0, lease }: ReadOptions,
  ): LeveledReply | undefined {
    if (!tracker.isInSync()) {
      this.#options.metrics.read(space, 'bypass')
      return undefined
    }
    const now = this.#now()
    const kept = cache.values.get(key)
    if (kept && !tracker.holds(kept)) cache.values.delete(key)
    else if (kept && now < kept.expiresAt && isFreshEnough(kept, now, minFreshMs, lease)) {
      this.#options.metrics.read(space, 'hit')
      return { asOf: kept.asOf, lease: { kind: 'none' }, entry: aged(kept, now), level: 'L1' }
    }
    this.#options.metrics.read(space, 'miss')
    return undefined
  }

  /** Shares an in-flight read of the key, unless something has changed since it was sent. */
  #load(
    cache: SpaceCache,
    tracker: CoherenceTracker,
    key: CacheKey,
    options: ReadOptions,
    load: () => Promise<ReadReply>,
  ): Promise<ReadReply> {
    if (!tracker.hears()) return load()
    const { lease, maxStaleMs, minFreshMs, maxBytes, skipL1 } = options
    // A reply that grants a lease belongs to one caller.
    const isPlain = (lease ?? maxStaleMs ?? minFreshMs ?? maxBytes) === undefined
    // Out of sync, an in-flight read may have missed a change as well.
    const isShared = isPlain && !skipL1 && tracker.isInSync()
    const shared = isShared ? cache.inFlight.get(key.key) : undefined
    if (shared && tracker.isUnchanged(shared.since)) return shared.reply

    const since = tracker.snapshot(key.space, key.key)
    const readAt = this.#now()
    const { ttlMs, maxBytes: maxValueBytes } = cache.policy
    const { idleMs } = key.policy
    // Redis counts only the reads that reach it, so memory serves a value for a part of its idle time.
    const mostMs = idleMs > 0 ? Math.min(ttlMs, idleMs / 10) : ttlMs
    const reply = load().then((loaded) => {
      const kept = keep(cache, tracker, { ...key, since, readAt }, loaded, mostMs)
      if (kept && kept.weight > maxValueBytes) this.#options.metrics.refused(key.space)
      if (kept) this.#memory.fit(cache)
      return loaded
    })
    if (isPlain) share(cache.inFlight, key.key, { since, reply })
    return reply
  }

  /** The value to serve while Redis does not answer, if the caller accepts it. */
  #degraded(
    cache: SpaceCache,
    tracker: CoherenceTracker,
    { space, key }: CacheKey,
    { skipL1, minFreshMs = 0, maxStaleMs = Number.POSITIVE_INFINITY }: ReadOptions,
  ): LeveledReply | undefined {
    const now = this.#now()
    const kept = skipL1 ? undefined : cache.values.peek(key)
    if (!kept || !tracker.outlives(kept) || now >= endOf(kept)) return undefined
    const freshMs = kept.readAt + kept.entry.ttlMs - now
    if (freshMs < 0 ? -freshMs > maxStaleMs : freshMs < minFreshMs) return undefined
    const silentMs = Math.min(now - tracker.readAt, performance.now() - tracker.answeredAt())
    if (silentMs > cache.policy.outageMs) return undefined
    this.#options.metrics.read(space, 'degraded')
    return { asOf: kept.asOf, lease: { kind: 'none' }, entry: aged(kept, now), level: 'degraded' }
  }
}

function share(inFlight: Map<string, InFlightRead>, key: string, read: InFlightRead): void {
  inFlight.set(key, read)
  const end = () => {
    if (inFlight.get(key) === read) inFlight.delete(key)
  }
  read.reply.then(end, end)
}

/** When it is no longer served at all, not even stale. */
const endOf = ({ readAt, entry }: Kept): number =>
  readAt + (entry.state === 'negative' ? entry.ttlMs : Math.max(entry.ttlMs, entry.servedMs))

/** A reader that offers to load, and wins the early refresh, must ask Redis for the lease. */
function isFreshEnough(
  { readAt, entry }: Kept,
  now: number,
  minFreshMs: number,
  lease: LeaseOffer | undefined,
): boolean {
  const leftMs = readAt + entry.ttlMs - now
  if (leftMs < minFreshMs) return false
  return !lease || entry.loadMs === 0 || entry.loadMs * lease.early < leftMs
}
