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

interface Counter {
  readonly key: string
  count: number
  error: number
  /** Its place in the heap. */
  at: number
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
  #heap: Counter[] = []
  #halvedAt: number

  constructor({ capacity, halfLifeMs, now = () => performance.now() }: SpaceSavingOptions) {
    this.#capacity = capacity
    this.#halfLifeMs = halfLifeMs
    this.#now = now
    this.#halvedAt = now()
  }

  get size(): number {
    return this.#heap.length
  }

  /** Costs O(log capacity). @param times how often it was seen, above 0. */
  add(key: string, times = 1): void {
    this.#age()
    const known = this.#byKey.get(key)
    if (known) {
      known.count += times
      this.#sink(known)
    } else if (this.#heap.length < this.#capacity) {
      this.#rise(this.#place({ key, count: times, error: 0, at: this.#heap.length }))
    } else {
      const least = this.#heap[0] as Counter
      this.#byKey.delete(least.key)
      this.#sink(this.#place({ key, count: least.count + times, error: least.count, at: 0 }))
    }
  }

  /** The most frequent first, at most `most`; costs O(capacity log capacity). */
  top(most: number): Frequent[] {
    this.#age()
    return [...this.#heap]
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
    const kept: Counter[] = []
    // What is left of a heap in its order of places is no heap, but in order of counts it is one.
    for (const counter of this.#heap.sort((a, b) => a.count - b.count)) {
      counter.count *= share
      counter.error *= share
      if (counter.count < 1) this.#byKey.delete(counter.key)
      else {
        counter.at = kept.length
        kept.push(counter)
      }
    }
    this.#heap = kept
  }

  #place(counter: Counter): Counter {
    this.#byKey.set(counter.key, counter)
    this.#heap[counter.at] = counter
    return counter
  }

  #rise(counter: Counter): void {
    while (counter.at > 0) {
      const parent = this.#heap[(counter.at - 1) >> 1] as Counter
      if (parent.count <= counter.count) return
      this.#swap(counter, parent)
    }
  }

  #sink(counter: Counter): void {
    for (;;) {
      const left = this.#heap[2 * counter.at + 1]
      const right = this.#heap[2 * counter.at + 2]
      const smaller = right && left && right.count < left.count ? right : left
      if (!smaller || smaller.count >= counter.count) return
      this.#swap(counter, smaller)
    }
  }

  #swap(a: Counter, b: Counter): void {
    const place = a.at
    a.at = b.at
    b.at = place
    this.#heap[a.at] = a
    this.#heap[b.at] = b
  }
}
