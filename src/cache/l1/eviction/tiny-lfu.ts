import { Frequency } from './frequency.js'
import type { Evictable, EvictionOptions, EvictionPolicy } from './policy.js'

/** Values in order of use, the least recently used first. */
class Segment<T extends Evictable> {
  readonly values = new Map<string, T>()
  bytes = 0

  put(key: string, value: T): void {
    this.take(key)
    this.values.set(key, value)
    this.bytes += value.weight
  }

  take(key: string): T | undefined {
    const value = this.values.get(key)
    if (value === undefined) return undefined
    this.values.delete(key)
    this.bytes -= value.weight
    return value
  }

  get oldest(): string | undefined {
    return this.values.keys().next().value
  }

  exceeds(entries: number, bytes: number): boolean {
    return this.values.size > entries || this.bytes > bytes
  }
}

const WINDOW_SHARE = 0.01
const PROTECTED_SHARE = 0.8

/**
 * W-TinyLFU: a new value passes a small window, and is then admitted only if its key was seen more
 * often than the one it would evict. A scan over many keys therefore leaves the popular ones.
 *
 * Source: Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy" (2017),
 * with the usual shares: 1 % window; of the rest 80 % protected, for what was used again.
 */
export class TinyLfuPolicy<T extends Evictable> implements EvictionPolicy<T> {
  readonly #options: EvictionOptions
  readonly #frequency: Frequency
  readonly #window = new Segment<T>()
  readonly #probation = new Segment<T>()
  readonly #protected = new Segment<T>()
  readonly #windowEntries: number
  readonly #windowBytes: number

  constructor(options: EvictionOptions) {
    this.#options = options
    this.#frequency = new Frequency(options.maxEntries)
    this.#windowEntries = Math.max(1, Math.floor(options.maxEntries * WINDOW_SHARE))
    this.#windowBytes = Math.floor(options.maxBytes * WINDOW_SHARE)
  }

  get size(): number {
    return this.#window.values.size + this.#probation.values.size + this.#protected.values.size
  }

  get bytes(): number {
    return this.#window.bytes + this.#probation.bytes + this.#protected.bytes
  }

  get(key: string): T | undefined {
    // Misses count as well: a new value is admitted by how often it was asked for.
    this.#frequency.saw(key)
    const segment = this.#segmentOf(key)
    const value = segment?.take(key)
    if (!segment || value === undefined) return undefined
    if (segment !== this.#probation) segment.put(key, value)
    else this.#promote(key, value)
    return value
  }

  peek(key: string): T | undefined {
    return this.#segmentOf(key)?.values.get(key)
  }

  set(key: string, value: T): void {
    const segment = this.#segmentOf(key) ?? this.#window
    segment.take(key)
    if (value.weight > this.#options.maxBytes) return
    segment.put(key, value)
    this.#fit()
  }

  delete(key: string): void {
    this.#segmentOf(key)?.take(key)
  }

  evict(): void {
    const victim = this.#victim() ?? this.#window.oldest
    if (victim === undefined) return
    this.delete(victim)
    this.#options.onEvict()
  }

  #segmentOf(key: string): Segment<T> | undefined {
    if (this.#protected.values.has(key)) return this.#protected
    if (this.#probation.values.has(key)) return this.#probation
    return this.#window.values.has(key) ? this.#window : undefined
  }

  #promote(key: string, value: T): void {
    const { maxEntries, maxBytes } = this.#options
    this.#protected.put(key, value)
    while (
      this.#protected.exceeds(
        (maxEntries - this.#windowEntries) * PROTECTED_SHARE,
        (maxBytes - this.#windowBytes) * PROTECTED_SHARE,
      )
    ) {
      const oldest = this.#protected.oldest as string
      this.#probation.put(oldest, this.#protected.take(oldest) as T)
    }
  }

  #fit(): void {
    while (this.#window.exceeds(this.#windowEntries, this.#windowBytes)) {
      const candidate = this.#window.oldest as string
      this.#admit(candidate, this.#window.take(candidate) as T)
    }
    // A value that was replaced by a larger one may exceed the bounds.
    while (this.#overfull(0, 0)) this.evict()
  }

  /** Admits the candidate by evicting values whose keys were seen less often, or drops it. */
  #admit(candidate: string, value: T): void {
    const worth = this.#frequency.of(candidate)
    while (this.#overfull(1, value.weight)) {
      const victim = this.#victim()
      if (victim === undefined || this.#frequency.of(victim) >= worth) {
        this.#options.onEvict()
        return
      }
      this.evict()
    }
    this.#probation.put(candidate, value)
  }

  #overfull(entries: number, bytes: number): boolean {
    return (
      this.size + entries > this.#options.maxEntries || this.bytes + bytes > this.#options.maxBytes
    )
  }

  #victim(): string | undefined {
    return this.#probation.oldest ?? this.#protected.oldest
  }
}
