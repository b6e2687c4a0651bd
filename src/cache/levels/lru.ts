import { LRUCache } from 'lru-cache'
import type { Shelf, ShelfOptions, Shelved } from './shelf.js'

/** What was used longest ago goes first. */
export class LruShelf<T extends Shelved> implements Shelf<T> {
  readonly #cache: LRUCache<string, T>

  constructor({ maxEntries, maxBytes, onEvict }: ShelfOptions) {
    this.#cache = new LRUCache<string, T>({
      max: maxEntries,
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
  }

  delete(key: string): void {
    this.#cache.delete(key)
  }

  clear(): void {
    this.#cache.clear()
  }
}
