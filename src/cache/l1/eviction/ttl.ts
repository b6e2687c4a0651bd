import { Heap, type Placed } from '../../../metrics/heap.js'
import type { Evictable, EvictionOptions, EvictionPolicy } from './policy.js'

interface Slot<T> extends Placed {
  readonly key: string
  value: T
}

/** Evicts what expires soonest, used or not: it would serve the fewest reads. */
export class TtlPolicy<T extends Evictable> implements EvictionPolicy<T> {
  readonly #options: EvictionOptions
  readonly #slots = new Map<string, Slot<T>>()
  readonly #soonest = new Heap<Slot<T>>((a, b) => a.value.expiresAt < b.value.expiresAt)
  bytes = 0

  constructor(options: EvictionOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#slots.size
  }

  get(key: string): T | undefined {
    return this.#slots.get(key)?.value
  }

  peek(key: string): T | undefined {
    return this.get(key)
  }

  set(key: string, value: T): void {
    const { maxEntries, maxBytes } = this.#options
    this.delete(key)
    if (value.weight > maxBytes) return
    const slot: Slot<T> = { key, value, at: 0 }
    this.#slots.set(key, slot)
    this.#soonest.push(slot)
    this.bytes += value.weight
    while (this.size > maxEntries || this.bytes > maxBytes) this.evict()
  }

  evict(): void {
    const slot = this.#soonest.first
    if (!slot) return
    this.delete(slot.key)
    this.#options.onEvict()
  }

  delete(key: string): void {
    const slot = this.#slots.get(key)
    if (!slot) return
    this.#slots.delete(key)
    this.#soonest.remove(slot)
    this.bytes -= slot.value.weight
  }
}
