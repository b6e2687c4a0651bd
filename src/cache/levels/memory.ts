import type { Signals } from '../../redis/signals.js'
import type { Partitions } from '../partition.js'
import type { L1Policy } from '../spaces/policy.js'
import type { LevelMetrics, LevelSize } from './metrics.js'
import { Partition } from './partition.js'
import { createRoom, type Room } from './room.js'

export interface MemoryOptions {
  readonly partitions: Partitions
  readonly signals: Signals
  readonly metrics: LevelMetrics
  /** Of everything together. */
  readonly maxBytes: number
}

interface Tracked {
  readonly namespace: string
  readonly number: number
  readonly partition: Partition
  usedAt: number
}

/** Callers make namespaces and spaces up; beyond, the one that was used longest ago is forgotten. */
const MAX_PARTITIONS = 1_024
const MAX_ROOMS = 1_024

/**
 * The spaces and partitions that one process remembers, of all namespaces, and the bound on all of
 * them together. What was used longest ago makes room for what is used now.
 */
export class Memory {
  readonly #options: MemoryOptions
  readonly #rooms = new Map<string, Room>()
  readonly #partitions = new Map<string, Tracked>()
  #uses = 0

  constructor(options: MemoryOptions) {
    this.#options = options
  }

  room(namespace: string, space: string): Room | undefined {
    return this.#rooms.get(nameOf(space, namespace))
  }

  partition(namespace: string, number: number): Partition | undefined {
    return this.#partitions.get(nameOf(number, namespace))?.partition
  }

  *partitionsOf(namespace: string): Generator<Partition> {
    for (const tracked of this.#partitions.values()) {
      if (tracked.namespace === namespace) yield tracked.partition
    }
  }

  sizes(): LevelSize[] {
    return [...this.#rooms.values()].map(({ namespace, space, shelf }) => ({
      namespace,
      space,
      entries: shelf.size,
      bytes: shelf.bytes,
    }))
  }

  dropRoom(namespace: string, space: string): void {
    this.#rooms.delete(nameOf(space, namespace))
  }

  useRoom(namespace: string, space: string, l1: L1Policy): Room {
    const known = this.room(namespace, space)
    // Another policy is another room: what it kept would have to be judged again.
    const room = known && isSame(known.policy, l1) ? known : this.#addRoom(namespace, space, l1)
    room.usedAt = ++this.#uses
    return room
  }

  usePartition(namespace: string, number: number): Partition {
    const tracked =
      this.#partitions.get(nameOf(number, namespace)) ?? this.#addPartition(namespace, number)
    tracked.usedAt = ++this.#uses
    return tracked.partition
  }

  /** After something was kept in a room, which gives way last. */
  fit(current: Room): void {
    while (this.#bytes() > this.#options.maxBytes) {
      const others = [...this.#rooms.values()].filter((room) => room !== current)
      const room = leastUsed(others) ?? current
      if (room.shelf.size > 0) room.shelf.evict()
      else if (room === current) return
      else this.#forgetRoom(room)
    }
  }

  #bytes(): number {
    let bytes = 0
    for (const { shelf, fixedBytes } of this.#rooms.values()) bytes += shelf.bytes + fixedBytes
    for (const { partition } of this.#partitions.values()) bytes += partition.bytes
    return bytes
  }

  #addRoom(namespace: string, space: string, l1: L1Policy): Room {
    this.dropRoom(namespace, space)
    if (this.#rooms.size >= MAX_ROOMS) this.#forgetRoom(leastUsed(this.#rooms.values()) as Room)
    const { metrics } = this.#options
    const room = createRoom(namespace, space, l1, () => metrics.evicted(space))
    this.#rooms.set(nameOf(space, namespace), room)
    return room
  }

  #forgetRoom({ namespace, space }: Room): void {
    this.dropRoom(namespace, space)
    this.#options.metrics.forgotten('space')
  }

  #addPartition(namespace: string, number: number): Tracked {
    const { signals, metrics, partitions } = this.#options
    if (this.#partitions.size >= MAX_PARTITIONS) this.#forgetPartition()
    const partition = new Partition({
      channel: partitions.clockOf(namespace, number),
      signals,
      onGap: () => metrics.gap(),
      onKey: (space, key, clk) => {
        const shelf = this.room(namespace, space)?.shelf
        const kept = shelf?.peek(key)
        if (kept && kept.asOf < clk) shelf?.delete(key)
      },
    })
    const tracked = { namespace, number, partition, usedAt: 0 }
    this.#partitions.set(nameOf(number, namespace), tracked)
    return tracked
  }

  #forgetPartition(): void {
    const tracked = leastUsed(this.#partitions.values()) as Tracked
    tracked.partition.close()
    this.#partitions.delete(nameOf(tracked.number, tracked.namespace))
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
  a === b ||
  (a.policy === b.policy &&
    a.maxEntries === b.maxEntries &&
    a.maxBytes === b.maxBytes &&
    a.ttlMs === b.ttlMs &&
    a.outageMs === b.outageMs)
