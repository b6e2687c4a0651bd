import { Heap, type Placed } from './heap.js'

export interface Frequent {
  readonly key: string
  /** Times seen, halved after each half-life. Too high by at most `error`, never too low. */
  readonly count: number
  readonly error: number
}

export interface SpaceSavingOptions {
  /** Number of counted keys. */
  readonly capacity: number
  /** After this time an observation counts half: old hot keys fade. */
  readonly halfLifeMs: number
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number
}

interface Counter extends Placed {
  readonly key: string
  count: number
  error: number
}

/**
 * The most frequent keys of a stream in bounded memory: `capacity` counters. A new key takes over the
 * smallest counter, and its count as the possible error, so every key with more than 1/capacity of
 * the stream is always counted.
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

  /** Costs O(log capacity). @param times above 0 */
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

  /** Halves all counts for each elapsed half-life, which keeps their order, and drops those below 1. */
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
