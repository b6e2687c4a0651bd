import { StoreError } from '../../../redis/errors.js'
import { randomToken } from '../../../redis/random.js'
import type { Entry } from '../../entries/scripts.js'
import type { CacheKey, EntryStore } from '../../entries/store.js'
import type { PolicyOf } from '../../spaces/store.js'
import type { Loads } from '../loading/loads.js'

export interface RefreshAheadOptions {
  readonly space: string
  readonly namespaces: readonly string[]
  readonly loads: Pick<Loads, 'refresh'>
  readonly hotKeys: {
    top(namespace: string, space: string, most: number): readonly HotKey[]
  }
  /** Reads that do not count among those that make a key hot. */
  readonly peek: EntryStore['readMany']
  readonly policyOf: PolicyOf
}

interface HotKey {
  readonly key: string
  readonly count: number
}

const LOOK_MS = 1_000
const MOST_KEYS = 100
/** Counts halve every minute: a read of the last minute counts as much. */
const LEAST_READS = 0.5
/** Longer than any value is fresh, in load times. */
const AT_ONCE = 1e9

/** Loads the keys of one space that are read most before they end, without the help of a reader. */
export class RefreshAhead {
  readonly #options: RefreshAheadOptions
  readonly #timer: NodeJS.Timeout
  #isLooking = false

  constructor(options: RefreshAheadOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      for (const namespace of this.#options.namespaces) await this.#lookAt(namespace)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
    } finally {
      this.#isLooking = false
    }
  }

  async #lookAt(namespace: string): Promise<void> {
    const { space, hotKeys, peek, policyOf, loads } = this.#options
    const hot = hotKeys.top(namespace, space, MOST_KEYS).filter(({ count }) => count >= LEAST_READS)
    if (hot.length === 0) return
    const policy = await policyOf(namespace, space)
    const keys: CacheKey[] = hot.map(({ key }) => ({ namespace, space, key, policy }))
    const replies = await peek(keys, -1)
    replies.forEach((reply, i) => {
      if (reply instanceof StoreError || !reply.entry || !endsSoon(reply.entry)) return
      const { loadMs, ttlMs } = reply.entry
      // Only a value whose load took a known time is refreshed early.
      const offer = loadMs > 0 ? { early: AT_ONCE } : { minFreshMs: Math.max(0, ttlMs) + LOOK_MS }
      loads.refresh(keys[i] as CacheKey, { requestId: randomToken() }, offer)
    })
  }
}

/** Whether it may end before a load that begins at the look after the next one is over. */
const endsSoon = ({ kind, state, ttlMs, loadMs }: Entry): boolean =>
  kind === 'bytes' && state !== 'negative' && ttlMs < 2 * (LOOK_MS + loadMs)
