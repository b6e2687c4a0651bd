import { type Frequent, SpaceSaving } from '../../metrics/space-saving.js'

/** Keys that are counted per space: what makes up more than 1/256 of its reads is among them. */
const CAPACITY = 256
const MAX_SPACES = 256
export const HALF_LIFE_MS = 60_000

/**
 * Which keys this process is asked for most, per space. Spaces and keys come from callers, so both
 * are bounded: 256 spaces, of which the one not read for longest is forgotten, with 256 keys each.
 */
export class HotKeys {
  readonly #now: () => number
  /** Least recently read first. */
  readonly #spaces = new Map<string, SpaceSaving>()
  #latest: { readonly name: string; readonly sketch: SpaceSaving } | undefined

  /** @param now milliseconds on a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  saw(namespace: string, space: string, key: string): void {
    const name = nameOf(namespace, space)
    // Most reads are of the space of the read before.
    if (this.#latest?.name !== name) this.#latest = { name, sketch: this.#touch(name) }
    this.#latest.sketch.add(key)
  }

  /** The most read first. Counts halve with every minute. */
  top(namespace: string, space: string, most: number): Frequent[] {
    return this.#spaces.get(nameOf(namespace, space))?.top(most) ?? []
  }

  #touch(name: string): SpaceSaving {
    const sketch =
      this.#spaces.get(name) ??
      new SpaceSaving({ capacity: CAPACITY, halfLifeMs: HALF_LIFE_MS, now: this.#now })
    this.#spaces.delete(name)
    this.#spaces.set(name, sketch)
    if (this.#spaces.size > MAX_SPACES) {
      this.#spaces.delete(this.#spaces.keys().next().value as string)
    }
    return sketch
  }
}

/** Neither holds a colon. */
const nameOf = (namespace: string, space: string): string => `${namespace}:${space}`
