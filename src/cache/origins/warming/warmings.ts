import { randomToken } from '../../../redis/random.js'
import type { CacheKey, EntryStore } from '../../entries/store.js'
import type { Loads } from '../loading/loads.js'
import type { OriginMetrics } from '../metrics.js'
import type { OriginPolicy } from '../policy.js'
import type { WarmingStore } from './store.js'
import { type Refresh, Warming } from './warming.js'

export interface WarmingsOptions {
  readonly store: WarmingStore
  readonly peek: EntryStore['readMany']
  readonly metrics: Pick<OriginMetrics, 'warmed'>
}

export type Started =
  | { readonly kind: 'started'; readonly id: string }
  /** This process warms the space already. */
  | { readonly kind: 'running'; readonly id: string }

/** The origin of a space, as warmings use it. */
export interface Warmable {
  readonly policy: OriginPolicy
  readonly loads: Pick<Loads, 'warm'>
}

/** The warmings of this process: one of a space and namespace at a time. */
export class Warmings {
  readonly store: WarmingStore
  readonly #options: WarmingsOptions
  readonly #running = new Map<string, { readonly id: string; readonly warming: Warming }>()

  constructor(options: WarmingsOptions) {
    this.store = options.store
    this.#options = options
  }

  /** @param keys of one space, at least one */
  async start(
    { policy, loads }: Warmable,
    keys: readonly CacheKey[],
    refresh: Refresh,
  ): Promise<Started> {
    const { namespace, space } = keys[0] as CacheKey
    const place = `${namespace} ${space}`
    const known = this.#running.get(place)
    if (known) return { kind: 'running', id: known.id }
    const { store, peek, metrics } = this.#options
    const id = randomToken()
    const warming = new Warming({
      name: { namespace, space, id },
      keys,
      refresh,
      pace: { concurrency: Math.min(CONCURRENCY, backgroundSlots(policy)), ratePerSecond: RATE },
      loads,
      peek,
      store,
      onKey: (outcome) => metrics.warmed(space, outcome),
    })
    this.#running.set(place, { id, warming })
    const end = () => this.#running.delete(place)
    try {
      await warming.begin()
    } catch (error) {
      end()
      throw error
    }
    void warming.run().finally(end)
    return { kind: 'started', id }
  }

  close(): void {
    for (const { warming } of this.#running.values()) warming.stop()
  }
}

const CONCURRENCY = 8
const RATE = 1_000

const backgroundSlots = ({ maxConcurrent }: OriginPolicy): number => Math.ceil(maxConcurrent / 2)
