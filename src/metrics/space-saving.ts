import { Heap, type Placed } from './heap.js'

export interface Frequent {
  readonly key: string
  /** Times seen, each worth half after a half-life. At most `error` above the truth, never below. */
  readonly count: number
  readonly error: number
}

export interface SpaceSavingOptions {
  /** Keys that are counted at a time. */
  readonly capacity: number
  /** After which a sighting counts half: what was hot yesterday is not hot now. */
  readonly halfLifeMs: number
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number
}

interface Counter extends Placed {
  readonly key: string
  count: number
  error: number
}

/**
 * The most frequent keys of a stream in bounded memory: `capacity` counters and their keys, however
 * many keys there are. A key that is not counted takes over the smallest counter, and its count as
 * a possible error, so whatever makes up more than 1/capacity of the stream is always among them.
 *
 * Source: Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in
 * Data Streams" (2005), with a binary heap for the smallest counter.
 */
export class SpaceSaving {
  readonly #capacity: number
  readonly #halfLifeMs: number
  readonly #now: () => number
  readonly #byKey = new Map<string, Counter>()
  /** The smallest count first. */
  readonly #heap = new Heap<Counter>((a, b) => a.count < b.count)
  #halvedAt: number

  constructor({ capacity, halfLifeMs, now = () => performance.now() }: SpaceSavingOptions) {
    this.#capacity = capacity
    this.#halfLifeMs = halfLifeMs
    this.#now = now
    this.#halvedAt = now()
  }

  get size(): number {
    return this.#heap.size
  }

  /** Costs O(log capacity). @param times how often it was seen, above 0. */
  add(key: string, times = 1): void {
    this.#age()
    const known = this.#byKey.get(key)
    if (known) {
      known.count += times
      this.#heap.moved(known)
      return
    }
    const full = this.#heap.size >= this.#capacity
    const least = full ? (this.#heap.first as Counter) : undefined
    if (least) {
      this.#heap.remove(least)
      this.#byKey.delete(least.key)
    }
    const error = least?.count ?? 0
    const counter = { key, count: error + times, error, at: 0 }
    this.#byKey.set(key, counter)
    this.#heap.push(counter)
  }

  /** The most frequent first, at most `most`; costs O(capacity log capacity). */
  top(most: number): Frequent[] {
    this.#age()
    return [...this.#heap.items]
      .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
      .slice(0, most)
      .map(({ key, count, error }) => ({ key, count, error }))
  }

  /** Halves all counts for each half-life gone by, which keeps their order, and forgets those below 1. */
  #age(): void {
    const halvings = Math.floor((this.#now() - this.#halvedAt) / this.#halfLifeMs)
    if (halvings === 0) return
    this.#halvedAt += halvings * this.#halfLifeMs
    const share = 2 ** -halvings
    for (const counter of this.#heap.items) {
      counter.count *= share
      counter.error *= share
      if (counter.count < 1) this.#byKey.delete(counter.key)
    }
    this.#heap.replace(this.#heap.items.filter(({ count }) => count >= 1))
  }
}
