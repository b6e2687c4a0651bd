import { StoreError } from '../../redis/errors.js'
import type { Signals } from '../../redis/signals.js'
import type { ReadReply } from '../entries/scripts.js'
import type { CacheKey, LeaseWish, LeveledReply, ReadOptions } from '../entries/store.js'
import type { Partitions } from '../partition.js'
import { Memory } from './memory.js'
import type { LevelMetrics } from './metrics.js'
import type { Partition } from './partition.js'
import { aged, type Flight, type Kept, keep, type Room } from './room.js'

export interface LevelOptions {
  readonly partitions: Partitions
  readonly signals: Signals
  readonly metrics: LevelMetrics
  /** Of everything that is kept, of all spaces. */
  readonly maxBytes: number
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number
}

/**
 * Values in the memory of the process, in front of Redis. Three modes: in sync, it serves; out of
 * sync while Redis answers, it is passed by; Redis does not answer, it serves what it knows nothing
 * against until the end of the value's stale window, for at most `outageMs`, and says so.
 */
export class L1 {
  readonly #options: LevelOptions
  readonly #now: () => number
  readonly #memory: Memory

  constructor(options: LevelOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#memory = new Memory(options)
    options.metrics.watch(() => this.#memory.sizes())
  }

  /**
   * @param load asks Redis for the whole value; not called where memory can answer.
   * @throws whatever `load` throws, where memory cannot help out.
   */
  async read(
    key: CacheKey,
    options: ReadOptions,
    load: () => Promise<ReadReply>,
  ): Promise<LeveledReply> {
    const { l1 } = key.policy
    if (l1 === 'off') {
      this.#memory.dropRoom(key.namespace, key.space)
      return load()
    }
    const number = this.#options.partitions.of(key.space, key.key)
    const partition = this.#memory.usePartition(key.namespace, number)
    const room = this.#memory.useRoom(key.namespace, key.space, l1)
    const kept = options.skipL1 ? undefined : this.#current(room, partition, key, options)
    if (kept) return kept
    try {
      const reply = await this.#load(room, partition, key, options, load)
      partition.readAt = this.#now()
      return reply
    } catch (error) {
      const helped = error instanceof StoreError && this.#remembered(room, partition, key, options)
      if (!helped) throw error
      return helped
    }
  }

  bytesOf({ namespace, space }: Pick<CacheKey, 'namespace' | 'space'>): number {
    return this.#memory.room(namespace, space)?.shelf.bytes ?? 0
  }

  /** To be called around every change of a key: before it is sent, and before it is answered. */
  changeKey({ namespace, space, key }: Pick<CacheKey, 'namespace' | 'space' | 'key'>): void {
    this.#memory.room(namespace, space)?.shelf.delete(key)
    const number = this.#options.partitions.of(space, key)
    this.#memory.partition(namespace, number)?.changeKey(space, key)
  }

  /** The same for tags; for the whole space without any. */
  changeNames(namespace: string, space: string, tags: readonly string[]): void {
    for (const partition of this.#memory.partitionsOf(namespace)) {
      for (const tag of tags.length > 0 ? tags : ['']) partition.changeName(space, tag)
    }
  }

  #current(
    room: Room,
    partition: Partition,
    { space, key }: CacheKey,
    { minFreshMs = 0, lease }: ReadOptions,
  ): LeveledReply | undefined {
    if (!partition.isInSync()) {
      this.#options.metrics.read(space, 'bypass')
      return undefined
    }
    const now = this.#now()
    const kept = room.shelf.get(key)
    if (kept && !partition.holds(kept)) room.shelf.delete(key)
    else if (kept && now < kept.expiresAt && isFreshEnough(kept, now, minFreshMs, lease)) {
      this.#options.metrics.read(space, 'hit')
      return { asOf: kept.asOf, lease: { kind: 'none' }, entry: aged(kept, now), level: 'L1' }
    }
    this.#options.metrics.read(space, 'miss')
    return undefined
  }

  /** A read that is under way is shared, unless something has changed since it was sent. */
  #load(
    room: Room,
    partition: Partition,
    key: CacheKey,
    options: ReadOptions,
    load: () => Promise<ReadReply>,
  ): Promise<ReadReply> {
    if (!partition.hears()) return load()
    const { lease, maxStaleMs, minFreshMs, maxBytes, skipL1 } = options
    // What grants a lease is an answer to one caller alone.
    const plain = (lease ?? maxStaleMs ?? minFreshMs ?? maxBytes) === undefined
    // One that was sent before the last sign of life may have missed a change, as what is kept may.
    const isShared = plain && !skipL1 && partition.isInSync()
    const flight = isShared ? room.flights.get(key.key) : undefined
    if (flight && partition.isUnchanged(flight.since)) return flight.reply

    const since = partition.snapshot(key.space, key.key)
    const readAt = this.#now()
    const { ttlMs } = room.policy
    const { idleMs } = key.policy
    // Redis must hear of a use before the value idles out there.
    const mostMs = idleMs > 0 ? Math.min(ttlMs, idleMs / 10) : ttlMs
    const reply = load().then((loaded) => {
      const kept = keep(room, partition, { ...key, since, readAt }, loaded, mostMs)
      if (kept && kept.weight > room.policy.maxBytes) this.#options.metrics.refused(key.space)
      if (kept) this.#memory.fit(room)
      return loaded
    })
    if (plain) this.#share(room, key.key, { since, reply })
    return reply
  }

  #share(room: Room, key: string, flight: Flight): void {
    room.flights.set(key, flight)
    const land = () => {
      if (room.flights.get(key) === flight) room.flights.delete(key)
    }
    flight.reply.then(land, land)
  }

  /** What is remembered of a key while Redis does not answer, if the caller accepts it. */
  #remembered(
    room: Room,
    partition: Partition,
    { space, key }: CacheKey,
    { skipL1, minFreshMs = 0, maxStaleMs = Number.POSITIVE_INFINITY }: ReadOptions,
  ): LeveledReply | undefined {
    const now = this.#now()
    const kept = skipL1 ? undefined : room.shelf.peek(key)
    if (!kept || !partition.outlives(kept) || now >= endOf(kept)) return undefined
    const freshMs = kept.readAt + kept.entry.ttlMs - now
    if (freshMs < 0 ? -freshMs > maxStaleMs : freshMs < minFreshMs) return undefined
    const silentMs = Math.min(now - partition.readAt, performance.now() - partition.answeredAt())
    if (silentMs > room.policy.outageMs) return undefined
    this.#options.metrics.read(space, 'degraded')
    return { asOf: kept.asOf, lease: { kind: 'none' }, entry: aged(kept, now), level: 'degraded' }
  }
}

/** When it is no longer served at all, not even stale. */
const endOf = ({ readAt, entry }: Kept): number =>
  readAt + (entry.state === 'negative' ? entry.ttlMs : Math.max(entry.ttlMs, entry.servedMs))

/** Whoever offers to load, and wins the early refresh, asks Redis whether it may. */
function isFreshEnough(
  { readAt, entry }: Kept,
  now: number,
  minFreshMs: number,
  lease: LeaseWish | undefined,
): boolean {
  const leftMs = readAt + entry.ttlMs - now
  if (leftMs < minFreshMs) return false
  return !lease || entry.loadMs === 0 || entry.loadMs * lease.early < leftMs
}
