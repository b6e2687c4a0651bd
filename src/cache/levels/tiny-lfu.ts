import { Frequency } from './frequency.js'
import type { Shelf, ShelfOptions, Shelved } from './shelf.js'

/** A part of the shelf in order of use, the longest unused first. */
class Segment<T extends Shelved> {
  readonly things = new Map<string, T>()
  bytes = 0

  put(key: string, thing: T): void {
    this.take(key)
    this.things.set(key, thing)
    this.bytes += thing.weight
  }

  take(key: string): T | undefined {
    const thing = this.things.get(key)
    if (thing === undefined) return undefined
    this.things.delete(key)
    this.bytes -= thing.weight
    return thing
  }

  get oldest(): string | undefined {
    return this.things.keys().next().value
  }

  exceeds(entries: number, bytes: number): boolean {
    return this.things.size > entries || this.bytes > bytes
  }

  clear(): void {
    this.things.clear()
    this.bytes = 0
  }
}

const WINDOW_SHARE = 0.01
const PROTECTED_SHARE = 0.8

/**
 * W-TinyLFU: newcomers pass a small window, and then must have been seen more often than what they
 * would push out. One scan over many keys therefore leaves the popular ones where they are.
 *
 * Source: Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy" (2017),
 * with the usual shares: 1 % window; of the rest 80 % protected, for what was used again.
 */
export class TinyLfuShelf<T extends Shelved> implements Shelf<T> {
  readonly #options: ShelfOptions
  readonly #frequency: Frequency
  readonly #window = new Segment<T>()
  readonly #probation = new Segment<T>()
  readonly #protected = new Segment<T>()
  readonly #windowEntries: number
  readonly #windowBytes: number

  constructor(options: ShelfOptions) {
    this.#options = options
    this.#frequency = new Frequency(options.maxEntries)
    this.#windowEntries = Math.max(1, Math.floor(options.maxEntries * WINDOW_SHARE))
    this.#windowBytes = Math.floor(options.maxBytes * WINDOW_SHARE)
  }

  get size(): number {
    return this.#window.things.size + this.#probation.things.size + this.#protected.things.size
  }

  get bytes(): number {
    return this.#window.bytes + this.#probation.bytes + this.#protected.bytes
  }

  get(key: string): T | undefined {
    // Misses count as well: a newcomer is judged by how often it was asked for.
    this.#frequency.saw(key)
    const segment = this.#segmentOf(key)
    const thing = segment?.take(key)
    if (!segment || thing === undefined) return undefined
    if (segment !== this.#probation) segment.put(key, thing)
    else this.#promote(key, thing)
    return thing
  }

  peek(key: string): T | undefined {
    return this.#segmentOf(key)?.things.get(key)
  }

  set(key: string, thing: T): void {
    const segment = this.#segmentOf(key) ?? this.#window
    segment.take(key)
    if (thing.weight > this.#options.maxBytes) return
    segment.put(key, thing)
    this.#makeRoom()
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

  clear(): void {
    for (const segment of [this.#window, this.#probation, this.#protected]) segment.clear()
  }

  #segmentOf(key: string): Segment<T> | undefined {
    if (this.#protected.things.has(key)) return this.#protected
    if (this.#probation.things.has(key)) return this.#probation
    return this.#window.things.has(key) ? this.#window : undefined
  }

  #promote(key: string, thing: T): void {
    const { maxEntries, maxBytes } = this.#options
    this.#protected.put(key, thing)
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

  #makeRoom(): void {
    while (this.#window.exceeds(this.#windowEntries, this.#windowBytes)) {
      const candidate = this.#window.oldest as string
      this.#contest(candidate, this.#window.take(candidate) as T)
    }
    // A present thing that grew may still be too much.
    while (this.#overfull(0, 0)) this.evict()
  }

  /** The candidate comes in over things that were seen less often, or not at all. */
  #contest(candidate: string, thing: T): void {
    const worth = this.#frequency.of(candidate)
    while (this.#overfull(1, thing.weight)) {
      const victim = this.#victim()
      if (victim === undefined || this.#frequency.of(victim) >= worth) {
        this.#options.onEvict()
        return
      }
      this.evict()
    }
    this.#probation.put(candidate, thing)
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
