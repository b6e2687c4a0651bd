import { type Frequent, SpaceSaving } from './space-saving.js'

/** Keys that are counted per group: what makes up more than 1/256 of its sightings is among them. */
const CAPACITY = 256
const MAX_GROUPS = 256
export const HALF_LIFE_MS = 60_000

/**
 * Which keys this process sees most, per group of keys: a space of the cache, a policy. Groups and
 * keys come from callers, so both are bounded: 256 groups, of which the one not seen for longest is
 * forgotten, with 256 keys each.
 */
export class FrequentKeys {
  readonly #now: () => number
  /** Least recently seen first. */
  readonly #groups = new Map<string, SpaceSaving>()
  #latest: { readonly name: string; readonly sketch: SpaceSaving } | undefined

  /** @param now milliseconds on a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  saw(namespace: string, group: string, key: string): void {
    const name = nameOf(namespace, group)
    // Most sightings are of the group of the one before.
    if (this.#latest?.name !== name) this.#latest = { name, sketch: this.#touch(name) }
    this.#latest.sketch.add(key)
  }

  /** The most seen first. Counts halve with every minute. */
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

/** Neither holds a colon. */
const nameOf = (namespace: string, group: string): string => `${namespace}:${group}`
