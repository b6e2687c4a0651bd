import { LRUCache } from 'lru-cache'
import type { CacheKey, LeveledReply } from '../entries/store.js'

/** Callers make spaces up. */
const MAX_SPACES = 1_024
/** Below, a caller that comes back would mostly be too early. */
const SHORTEST_MS = 50

/**
 * How long a load lately took in each space, as values that pass by say. Who is told that another
 * loads should come back when that may be over, not when the lease ends.
 */
export class LoadTimes {
  /** Milliseconds, by "namespace space". */
  readonly #known = new LRUCache<string, number>({ max: MAX_SPACES })

  /** The reply with the time to come back, where somebody else loads. */
  shorten({ namespace, space }: CacheKey, reply: LeveledReply): LeveledReply {
    const { entry, lease } = reply
    const name = `${namespace} ${space}`
    if (entry && entry.loadMs > 0) this.#known.set(name, entry.loadMs)
    if (lease.kind !== 'held') return reply
    const guessMs = this.#known.get(name)
    if (guessMs === undefined) return reply
    const retryAfterMs = Math.min(lease.retryAfterMs, Math.max(SHORTEST_MS, guessMs))
    return { ...reply, lease: { ...lease, retryAfterMs } }
  }
}
