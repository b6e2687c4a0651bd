import { type Frequent, SpaceSaving } from './space-saving.js'

/** Counted keys per group: every key with more than 1/256 of the requests is among them. */
const CAPACITY = 256
const MAX_GROUPS = 256
export const HALF_LIFE_MS = 60_000

/**
 * The most frequent keys that this process sees, per group: a space of the cache, a policy. Callers
 * choose groups and keys, so both are bounded: 256 groups, least recently seen evicted, of 256 keys.
 */
export class FrequentKeys {
  readonly #now: () => number
  /** Least recently seen first. */
  readonly #groups = new Map<string, SpaceSaving>()
  #latest: { readonly name: string; readonly sketch: SpaceSaving } | undefined

  /** @param now milliseconds of a monotonic clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  saw(namespace: string, group: string, key: string): void {
    const name = nameOf(namespace, group)
    // The group is mostly the same as before.
    if (this.#latest?.name !== name) this.#latest = { name, sketch: this.#touch(name) }
    this.#latest.sketch.add(key)
  }

  /** The most frequent first. Counts halve every minute. */
  top(namespace: string, group: string, most: number): Frequent[] {
    return this.#groups.get(nameOf(namespace, group))?.top(most) ?? []
  }

  #touch(name: string): SpaceSaving {
    const sketch =
      this.#groups.get(name) ??
      new SpaceSaving({ capacity: CAPACITY, halfLifeMs: HALF_LIFE_MS, now: this.#now })
    this.#groups.delete(name)
    this.#groups.set(name, sketch)
    if (this.#groups.size > MAX_GROUPS) {
      this.#groups.delete(this.#groups.keys().next().value as string)
    }
    return sketch
  }
}

/** Neither contains a colon. */
const nameOf = (namespace: string, group: string): string => `${namespace}:${group}`
