import { LRUCache } from 'lru-cache'
import type { Evictable, EvictionOptions, EvictionPolicy } from './policy.js'

/** Evicts what was used longest ago. */
export class LruPolicy<T extends Evictable> implements EvictionPolicy<T> {
  readonly #cache: LRUCache<string, T>
  readonly #maxEntries: number

  constructor({ maxEntries, maxBytes, onEvict }: EvictionOptions) {
    this.#maxEntries = maxEntries
    // With `max` the library would allocate for that many at once.
    this.#cache = new LRUCache<string, T>({
      maxSize: maxBytes,
      sizeCalculation: ({ weight }) => weight,
      dispose: (_value, _key, reason) => {
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

  set(key: string, value: T): void {
    this.#cache.set(key, value)
    if (this.size > this.#maxEntries) this.evict()
  }

  delete(key: string): void {
    this.#cache.delete(key)
  }

  evict(): void {
    this.#cache.pop()
  }
}
