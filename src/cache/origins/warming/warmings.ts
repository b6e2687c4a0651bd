import { randomToken } from '../../../redis/random.js'
import type { CacheKey, EntryStore } from '../../entries/store.js'
import type { SpacePolicy } from '../../spaces/policy.js'
import type { Loads } from '../loading/loads.js'
import type { OriginMetrics } from '../metrics.js'
import type { Origin } from '../origin.js'
import type { WarmPolicy } from '../policy.js'
import { readKeyList } from './key-list.js'
import type { WarmingName, WarmingStore } from './store.js'
import { type Keys, type Pace, type Refresh, Warming } from './warming.js'

export interface WarmingsOptions {
  readonly store: WarmingStore
  readonly peek: EntryStore['readMany']
  readonly metrics: Pick<OriginMetrics, 'warmed' | 'watchWarmings'>
}

export type Started =
  | { readonly kind: 'started'; readonly id: string }
  /** This process warms the space already. */
  | { readonly kind: 'running'; readonly id: string }

/** The origin of a space, as warmings use it. */
export interface Warmable {
  readonly origin: Pick<Origin, 'list' | 'policy' | 'slots'>
  readonly loads: Pick<Loads, 'warm'>
}

type Place = Pick<WarmingName, 'namespace' | 'space'>

interface Work {
  readonly keys: Keys
  readonly refresh: Refresh
  readonly pace: Pace
}

interface Running {
  readonly name: WarmingName
  readonly origin: Warmable['origin']
  readonly warming: Warming
}

/** The warmings of this process: one of a space and namespace at a time. */
export class Warmings {
  readonly store: WarmingStore
  readonly #options: WarmingsOptions
  readonly #running = new Map<string, Running>()
  #isClosed = false

  constructor(options: WarmingsOptions) {
    this.store = options.store
    this.#options = options
    options.metrics.watchWarmings(() => this.#states())
  }

  isUsing(origin: Warmable['origin']): boolean {
    return [...this.#running.values()].some((running) => running.origin === origin)
  }

  isRunning(place: Place): boolean {
    return this.#running.has(textOf(place))
  }

  /** @param keys of one space, at least one */
  start(warmable: Warmable, keys: readonly CacheKey[], refresh: Refresh): Promise<Started> {
    const { namespace, space } = keys[0] as CacheKey
    const name = { namespace, space, id: randomToken() }
    return this.#start(warmable, name, { keys, refresh, pace: PACE })
  }

  /** Loads the keys of the configuration; where it has none, those are no keys. */
  startConfigured(
    warmable: Warmable,
    { namespace, space, id = randomToken() }: Place & { readonly id?: string },
    policy: SpacePolicy,
    refresh: Refresh,
  ): Promise<Started> {
    const { origin } = warmable
    const { warm = NOTHING } = origin.policy
    const name = { namespace, space, id }
    const toKeys = (keys: readonly string[]) =>
      keys.map((key): CacheKey => ({ namespace, space, key, policy }))
    const { keysUrl: url } = warm
    const keys: Keys =
      url === undefined
        ? toKeys([...new Set(warm.keys)])
        : async (stopped) => {
            const end = await readKeyList({ origin, url }, name, stopped)
            return end.kind === 'read' ? toKeys(end.keys) : end.detail
          }
    return this.#start(warmable, name, { keys, refresh, pace: warm })
  }

  async #start({ origin, loads }: Warmable, name: WarmingName, work: Work): Promise<Started> {
    const place = textOf(name)
    const known = this.#running.get(place)
    if (known) return { kind: 'running', id: known.name.id }
    const { store, peek, metrics } = this.#options
    const { ratePerSecond, concurrency } = work.pace
    const most = Math.ceil(origin.policy.maxConcurrent / 2)
    const warming = new Warming({
      ...work,
      name,
      pace: { ratePerSecond, concurrency: Math.min(concurrency, most) },
      loads,
      peek,
      store,
      onKey: (outcome) => metrics.warmed(name.space, outcome),
    })
    if (this.#isClosed) warming.stop()
    this.#running.set(place, { name, origin, warming })
    const end = () => this.#running.delete(place)
    try {
      await warming.begin()
    } catch (error) {
      end()
      throw error
    }
    void warming.run().finally(end)
    return { kind: 'started', id: name.id }
  }

  close(): void {
    this.#isClosed = true
    for (const { warming } of this.#running.values()) warming.stop()
  }

  *#states() {
    for (const { name, warming } of this.#running.values()) {
      yield [name.space, warming.left] as const
    }
  }
}

/** Of keys that a caller names. */
const PACE: Pace = { concurrency: 8, ratePerSecond: 1_000 }
const NOTHING: WarmPolicy = { keys: [], onStart: false, ...PACE }

const textOf = ({ namespace, space }: Place): string => `${namespace} ${space}`
