import { LRUCache } from 'lru-cache'
import { jittered } from '../../entries/value.js'

const FIRST_MS = 1_000
const LONGEST_MS = 30_000
const JITTER = 0.2
/** Callers invent keys. */
const MAX_KEYS = 10_000

interface Rest {
  readonly failures: number
  readonly endsAt: number
}

/** How long keys rest whose loads failed, as far as this process knows. */
export class BackOffs {
  readonly #rests = new LRUCache<string, Rest>({ max: MAX_KEYS })

  /** A load failed. @returns its back-off: 1 s, doubled by each further failure, at most 30 s */
  failed(key: string): number {
    const failures = this.#rests.get(key)?.failures ?? 0
    const ms = jittered(Math.min(LONGEST_MS, FIRST_MS * 2 ** failures), JITTER)
    this.#rests.set(key, { failures: failures + 1, endsAt: performance.now() + ms })
    return ms
  }

  /** Another instance loads, or rests: a refresh in the background would be refused for so long. */
  rest(key: string, ms: number): void {
    const failures = this.#rests.get(key)?.failures ?? 0
    this.#rests.set(key, { failures, endsAt: performance.now() + ms })
  }

  rests(key: string): boolean {
    if (this.#rests.size === 0) return false
    return performance.now() < (this.#rests.get(key)?.endsAt ?? 0)
  }

  succeeded(key: string): void {
    this.#rests.delete(key)
  }
}
