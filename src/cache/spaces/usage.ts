import { LRUCache } from 'lru-cache'
import type { CacheKey } from '../entries/store.js'

export type SpaceName = Pick<CacheKey, 'namespace' | 'space'>

const createCounts = () => ({ hits: 0, stale: 0, negative: 0, misses: 0, fills: 0 })

type Counts = ReturnType<typeof createCounts>

/** What this process has seen of a space. */
export interface SpaceUsage extends Readonly<Counts> {
  readonly l1Bytes: number
}

/** Callers invent namespaces and spaces; beyond, the least recently used one is forgotten. */
export const MAX_SPACES = 1_024

/** Counts reads and fills of each space, also of those whose names are no labels of metrics. */
export class SpaceUsages {
  readonly #l1BytesOf: (space: SpaceName) => number
  readonly #spaces = new LRUCache<string, Counts>({ max: MAX_SPACES })
  #latest: { readonly name: string; readonly counts: Counts } | undefined

  constructor(l1BytesOf: (space: SpaceName) => number) {
    this.#l1BytesOf = l1BytesOf
  }

  count(space: SpaceName, what: keyof Counts, count = 1): void {
    const name = nameOf(space)
    // Most uses are of the same space as the one before.
    if (this.#latest?.name !== name) this.#latest = { name, counts: this.#use(name) }
    this.#latest.counts[what] += count
  }

  of(space: SpaceName): SpaceUsage {
    const counts = this.#spaces.peek(nameOf(space)) ?? createCounts()
    return { ...counts, l1Bytes: this.#l1BytesOf(space) }
  }

  #use(name: string): Counts {
    const counts = this.#spaces.get(name) ?? createCounts()
    this.#spaces.set(name, counts)
    return counts
  }
}

/** Neither holds a colon. */
const nameOf = ({ namespace, space }: SpaceName): string => `${namespace}:${space}`
