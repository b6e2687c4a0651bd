import { StoreError } from '../../redis/errors.js'
import type { CacheKey, EntryStore, ReadOptions } from '../entries/store.js'
import { storeErrorOrThrow } from '../entries/store-error.js'
import { Loader, type LoaderOptions } from './loading/loader.js'
import { Loads, type Wanting } from './loading/loads.js'
import type { LoadingReply } from './loading/reply.js'
import type { OriginMetrics } from './metrics.js'
import { Origin } from './origin.js'
import type { OriginSettings } from './schemas.js'
import { RefreshAhead, type RefreshAheadOptions } from './warming/refresh-ahead.js'

type Spaces = Readonly<Record<string, { readonly origin?: OriginSettings }>>

export interface OriginsOptions {
  readonly definitions: { follow(use: (spaces: Spaces) => void): void }
  readonly metrics: OriginMetrics
  readonly leases: LoaderOptions['leases']
  /** With the memory of the process in front, if it has one. */
  readonly entries: Pick<EntryStore, 'read' | 'readMany' | 'write'>
  readonly ahead: Pick<RefreshAheadOptions, 'hotKeys' | 'peek' | 'policyOf'>
}

interface Running {
  /** Of its settings, to see whether a reload changed them. */
  readonly text: string
  readonly origin: Origin
  readonly loads: Loads
  readonly ahead: RefreshAhead | undefined
}

/** Requests that began with settings of before a reload are over then. */
const RETIRED_MS = 120_000

/** The origins of the spaces of the configuration file, and the reads that load from them. */
export class Origins {
  readonly #options: OriginsOptions
  #spaces = new Map<string, Running>()
  /** With those that a reload replaced, until their requests are over. */
  readonly #open = new Set<Origin>()

  constructor(options: OriginsOptions) {
    this.#options = options
    options.definitions.follow((spaces) => this.#replace(spaces))
    options.metrics.watch(() => this.#states())
  }

  /** A read that loads what is missing, in a space with an origin. */
  read(key: CacheKey, options: ReadOptions, wanting: Wanting): Promise<LoadingReply> {
    const running = this.#spaces.get(key.space)
    return running
      ? running.loads.read(key, options, wanting)
      : this.#options.entries.read(key, options)
  }

  /** The same for many keys of one space, in the order asked for. */
  async readMany(
    keys: readonly CacheKey[],
    maxBytes: number,
    wanting: Wanting,
  ): Promise<(LoadingReply | StoreError)[]> {
    const loads = this.#spaces.get(keys[0]?.space ?? '')?.loads
    const replies = await this.#options.entries.readMany(keys, maxBytes)
    if (!loads) return replies
    return Promise.all(
      replies.map((reply, i) =>
        reply instanceof StoreError
          ? reply
          : loads.read(keys[i] as CacheKey, { maxBytes }, wanting, reply).catch(storeErrorOrThrow),
      ),
    )
  }

  /** Answers the requests that wait: the instance shuts down. */
  drain(): void {
    for (const { loads } of this.#spaces.values()) loads.drain()
  }

  close(): void {
    for (const { ahead } of this.#spaces.values()) ahead?.stop()
    for (const origin of this.#open) origin.close()
  }

  #replace(spaces: Spaces): void {
    const before = this.#spaces
    this.#spaces = new Map()
    for (const [space, { origin }] of Object.entries(spaces)) {
      if (!origin) continue
      const text = JSON.stringify(origin)
      const known = before.get(space)
      const isKept = known?.text === text && origin.headersFile === undefined
      this.#spaces.set(space, isKept ? known : this.#start(space, origin, text))
    }
    for (const [space, { origin, ahead }] of before) {
      if (this.#spaces.get(space)?.origin === origin) continue
      ahead?.stop()
      this.#retire(origin)
    }
  }

  #start(space: string, settings: OriginSettings, text: string): Running {
    const { entries, leases, metrics } = this.#options
    const origin = new Origin(settings, metrics)
    this.#open.add(origin)
    const loads = new Loads(new Loader(origin, { entries, leases }), entries)
    const { refreshAhead, namespaces } = origin.policy
    const ahead = refreshAhead
      ? new RefreshAhead({ space, namespaces, loads, ...this.#options.ahead })
      : undefined
    return { text, origin, loads, ahead }
  }

  #retire(origin: Origin): void {
    setTimeout(() => {
      this.#open.delete(origin)
      origin.close()
    }, RETIRED_MS).unref()
  }

  *#states() {
    for (const [space, { origin }] of this.#spaces) {
      yield [space, { used: origin.slots.used, isOpen: origin.circuit.isOpen }] as const
    }
  }
}
