import { Heap, type Placed } from '../../metrics/heap.js'
import type { Shelf, ShelfOptions, Shelved } from './shelf.js'

interface Slot<T> extends Placed {
  readonly key: string
  thing: T
}

/** What ends soonest goes first: it has the least left to give, used or not. */
export class TtlShelf<T extends Shelved> implements Shelf<T> {
  readonly #options: ShelfOptions
  readonly #slots = new Map<string, Slot<T>>()
  readonly #soonest = new Heap<Slot<T>>((a, b) => a.thing.expiresAt < b.thing.expiresAt)
  bytes = 0

  constructor(options: ShelfOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#slots.size
  }

  get(key: string): T | undefined {
    return this.#slots.get(key)?.thing
  }

  peek(key: string): T | undefined {
    return this.get(key)
  }

  set(key: string, thing: T): void {
    const { maxEntries, maxBytes } = this.#options
    this.delete(key)
    if (thing.weight > maxBytes) return
    const slot: Slot<T> = { key, thing, at: 0 }
    this.#slots.set(key, slot)
    this.#soonest.push(slot)
    this.bytes += thing.weight
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
    this.bytes -= slot.thing.weight
  }

  clear(): void {
    this.#slots.clear()
    this.#soonest.replace([])
    this.bytes = 0
  }
}
