import type { CacheKey } from '../entries/store.js'

export type SpaceName = Pick<CacheKey, 'namespace' | 'space'>

interface Counts {
  hits: number
  stale: number
  negative: number
  misses: number
  fills: number
}

/** What this process has seen of a space. */
export interface SpaceUsage extends Readonly<Counts> {
  readonly l1Bytes: number
}

/** Callers make namespaces and spaces up; beyond, the one that was used longest ago is forgotten. */
export const MAX_SPACES = 1_024

/** Counts reads and fills of each space, also of those whose names may not stand in metrics. */
export class SpaceUsages {
  readonly #l1BytesOf: (space: SpaceName) => number
  /** Least recently used first. */
  readonly #spaces = new Map<string, Counts>()
  #latest: { readonly name: string; readonly counts: Counts } | undefined

  constructor(l1BytesOf: (space: SpaceName) => number) {
    this.#l1BytesOf = l1BytesOf
  }

  count(space: SpaceName, what: keyof Counts, count = 1): void {
    const name = nameOf(space)
    // Most uses are of the space of the one before.
    if (this.#latest?.name !== name) this.#latest = { name, counts: this.#use(name) }
    this.#latest.counts[what] += count
  }

  of(space: SpaceName): SpaceUsage {
    return {
      ...(this.#spaces.get(nameOf(space)) ?? createCounts()),
      l1Bytes: this.#l1BytesOf(space),
    }
  }

  #use(name: string): Counts {
    const counts = this.#spaces.get(name) ?? createCounts()
    this.#spaces.delete(name)
    this.#spaces.set(name, counts)
    if (this.#spaces.size > MAX_SPACES) {
      this.#spaces.delete(this.#spaces.keys().next().value as string)
    }
    return counts
  }
}

const createCounts = (): Counts => ({ hits: 0, stale: 0, negative: 0, misses: 0, fills: 0 })

/** Neither holds a colon. */
const nameOf = ({ namespace, space }: SpaceName): string => `${namespace}:${space}`
