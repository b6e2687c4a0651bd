import type { PubSub } from '../../redis/pub-sub.js'
import type { Partitions } from '../partition.js'
import type { L1Policy } from '../spaces/policy.js'
import { CoherenceTracker } from './coherence-tracker.js'
import type { L1Metrics } from './metrics.js'
import { createSpaceCache, type SpaceCache } from './space-cache.js'

export interface MemoryOptions {
  readonly partitions: Partitions
  readonly pubSub: PubSub
  readonly metrics: L1Metrics
  /** Of all spaces and trackers together. */
  readonly maxBytes: number
}

interface Tracked {
  readonly namespace: string
  readonly partition: number
  readonly tracker: CoherenceTracker
  usedAt: number
}

/** Callers invent namespaces and spaces; beyond, the least recently used one is forgotten. */
const MAX_SPACES = 1_024
const MAX_PARTITIONS = 1_024

/**
 * The space caches and coherence trackers of one process, of all namespaces, and the bound on all of
 * them together. The least recently used ones make room.
 */
export class Memory {
  readonly #options: MemoryOptions
  readonly #spaces = new Map<string, SpaceCache>()
  readonly #partitions = new Map<string, Tracked>()
  #uses = 0

  constructor(options: MemoryOptions) {
    this.#options = options
  }

  space(namespace: string, space: string): SpaceCache | undefined {
    return this.#spaces.get(nameOf(space, namespace))
  }

  tracker(namespace: string, partition: number): CoherenceTracker | undefined {
    return this.#partitions.get(nameOf(partition, namespace))?.tracker
  }

  *trackersOf(namespace: string): Generator<CoherenceTracker> {
    for (const tracked of this.#partitions.values()) {
      if (tracked.namespace === namespace) yield tracked.tracker
    }
  }

  spaces(): Iterable<SpaceCache> {
    return this.#spaces.values()
  }

  dropSpace(namespace: string, space: string): void {
    this.#spaces.delete(nameOf(space, namespace))
  }

  useSpace(namespace: string, space: string, l1: L1Policy): SpaceCache {
    const known = this.space(namespace, space)
    // A changed policy starts with an empty cache: the kept values would have to be judged by it.
    const cache = known && isSame(known.policy, l1) ? known : this.#addSpace(namespace, space, l1)
    cache.usedAt = ++this.#uses
    return cache
  }

  useTracker(namespace: string, partition: number): CoherenceTracker {
    const tracked =
      this.#partitions.get(nameOf(partition, namespace)) ?? this.#addTracker(namespace, partition)
    tracked.usedAt = ++this.#uses
    return tracked.tracker
  }

  /** After a space kept a value: evicts until all fits, from this space last. */
  fit(current: SpaceCache): void {
    while (this.#bytes() > this.#options.maxBytes) {
      const others = [...this.#spaces.values()].filter((cache) => cache !== current)
      const cache = leastUsed(others) ?? current
      if (cache.values.size > 0) cache.values.evict()
      else if (cache === current) return
      else this.#forgetSpace(cache)
    }
  }

  #bytes(): number {
    let bytes = 0
    for (const { values, fixedBytes } of this.#spaces.values()) bytes += values.bytes + fixedBytes
    for (const { tracker } of this.#partitions.values()) bytes += tracker.bytes
    return bytes
  }

  #addSpace(namespace: string, space: string, l1: L1Policy): SpaceCache {
    this.dropSpace(namespace, space)
    if (this.#spaces.size >= MAX_SPACES) {
      this.#forgetSpace(leastUsed(this.#spaces.values()) as SpaceCache)
    }
    const { metrics } = this.#options
    const cache = createSpaceCache(namespace, space, l1, () => metrics.evicted(space))
    this.#spaces.set(nameOf(space, namespace), cache)
    return cache
  }

  #forgetSpace({ namespace, space }: SpaceCache): void {
    this.dropSpace(namespace, space)
    this.#options.metrics.forgotten('space')
  }

  #addTracker(namespace: string, partition: number): Tracked {
    const { pubSub, metrics, partitions } = this.#options
    if (this.#partitions.size >= MAX_PARTITIONS) this.#forgetTracker()
    const tracker = new CoherenceTracker({
      channel: partitions.clockOf(namespace, partition),
      pubSub,
      onGap: () => metrics.gap(),
      onKey: (space, key, clk) => {
        const values = this.space(namespace, space)?.values
        const kept = values?.peek(key)
        if (kept && kept.asOf < clk) values?.delete(key)
      },
    })
    const tracked = { namespace, partition, tracker, usedAt: 0 }
    this.#partitions.set(nameOf(partition, namespace), tracked)
    return tracked
  }

  #forgetTracker(): void {
    const tracked = leastUsed(this.#partitions.values()) as Tracked
    tracked.tracker.close()
    this.#partitions.delete(nameOf(tracked.partition, tracked.namespace))
    this.#options.metrics.forgotten('partition')
  }
}

/** Neither a space nor a number holds a colon. */
const nameOf = (what: string | number, namespace: string): string => `${what}:${namespace}`

function leastUsed<T extends { usedAt: number }>(all: Iterable<T>): T | undefined {
  let least: T | undefined
  for (const one of all) if (!least || one.usedAt < least.usedAt) least = one
  return least
}

const isSame = (a: L1Policy, b: L1Policy): boolean =>
  a === b || (Object.keys(a) as (keyof L1Policy)[]).every((field) => a[field] === b[field])
