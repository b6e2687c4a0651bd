import { LRUCache } from 'lru-cache'
import type { Shelf, ShelfOptions, Shelved } from './shelf.js'

/** What was used longest ago goes first. */
export class LruShelf<T extends Shelved> implements Shelf<T> {
  readonly #cache: LRUCache<string, T>
  readonly #maxEntries: number

  constructor({ maxEntries, maxBytes, onEvict }: ShelfOptions) {
    this.#maxEntries = maxEntries
    // With `max` the library would allocate for that many at once.
    this.#cache = new LRUCache<string, T>({
      maxSize: maxBytes,
      sizeCalculation: ({ weight }) => weight,
      dispose: (_thing, _key, reason) => {
        if (reason === 'evict') onEvict()
      },
    })
  }

  get size(): number {
    return this.#cache.size
  }

  get bytes(): number {
    return this.#cache.calculatedSize
  }

  get(key: string): T | undefined {
    return this.#cache.get(key)
  }

  peek(key: string): T | undefined {
    return this.#cache.peek(key)
  }

  set(key: string, thing: T): void {
    this.#cache.set(key, thing)
    if (this.size > this.#maxEntries) this.evict()
  }

  delete(key: string): void {
    this.#cache.delete(key)
  }

  evict(): void {
    this.#cache.pop()
  }

  clear(): void {
    this.#cache.clear()
  }
}
