import { StoreError } from '../../redis/errors.js'
import type { CacheKey, EntryStore, ReadOptions } from '../entries/store.js'
import { storeErrorOrThrow } from '../entries/store-error.js'
import { Loader, type LoaderOptions } from './loading/loader.js'
import { Loads, type Wanting } from './loading/loads.js'
import { FAILURES, type LoadingReply } from './loading/reply.js'
import type { OriginMetrics } from './metrics.js'
import { Origin } from './origin.js'
import { BehindWriter } from './outbox/behind-writer.js'
import { Deliverer, type DelivererOptions } from './outbox/deliverer.js'
import type { Durability } from './outbox/durability.js'
import type { OutboxRegister } from './outbox/register.js'
import type { OutboxStore } from './outbox/store.js'
import { readsThrough } from './policy.js'
import type { OriginSettings } from './schemas.js'
import { RefreshAhead, type RefreshAheadOptions } from './warming/refresh-ahead.js'
import { Schedule } from './warming/schedule.js'
import type { Warmable, Warmings } from './warming/warmings.js'
import type { WriteLeases } from './writing/store.js'
import { type Change, type WriteEnd, Writer } from './writing/writer.js'

type Spaces = Readonly<Record<string, { readonly origin?: OriginSettings }>>

export interface OriginsOptions {
  readonly definitions: { follow(use: (spaces: Spaces) => void): void }
  readonly metrics: OriginMetrics
  readonly leases: LoaderOptions['leases']
  /** With the memory of the process in front, if it has one. */
  readonly entries: Pick<EntryStore, 'read' | 'readMany' | 'write'>
  readonly ahead: Pick<RefreshAheadOptions, 'hotKeys' | 'peek' | 'policyOf'>
  readonly writes: WriteLeases
  readonly warmings: Warmings
  readonly behind: Pick<DelivererOptions, 'entries' | 'partitions' | 'policyOf'> & {
    readonly outbox: OutboxStore
    readonly durability: Durability
    readonly register: OutboxRegister
    /** Whether some space takes writes only where Redis keeps them. */
    readonly onNeed: (isNeeded: boolean) => void
  }
}

interface Running {
  /** Of its settings, to see whether a reload changed them. */
  readonly text: string
  readonly origin: Origin
  /** Undefined where reads load nothing. */
  readonly loads: Loads | undefined
  /** What loads without being asked. */
  readonly unasked: readonly { stop(): void }[]
  readonly writer: Pick<Writer, 'write'>
  /** Undefined where no write goes behind. */
  readonly deliverer: Deliverer | undefined
}

/** Requests that began with settings of before a reload are over then. */
const RETIRED_MS = 120_000

/** The origins of the spaces of the configuration file, with the reads that load from them and the writes that reach them. */
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

  get warmings(): Warmings {
    return this.#options.warmings
  }

  /** The origin of a space, if values are loaded from it. */
  warmable(space: string): Warmable | undefined {
    const running = this.#spaces.get(space)
    return running?.loads && { origin: running.origin, loads: running.loads }
  }

  /** A read that loads what is missing, in a space with an origin. */
  read(key: CacheKey, options: ReadOptions, wanting: Wanting): Promise<LoadingReply> {
    const loads = this.#spaces.get(key.space)?.loads
    return loads ? loads.read(key, options, wanting) : this.#options.entries.read(key, options)
  }

  /**
   * A write that its origin takes before or after the cache does. Where there is a condition and nothing to
   * compare it with, the value is loaded first.
   * @returns `miss` where reads load nothing
   */
  async write(key: CacheKey, change: Change, wanting: Wanting): Promise<WriteEnd> {
    const running = this.#spaces.get(key.space)
    // A reload has just taken the origin away.
    if (!running) return { kind: 'not-sent', failure: FAILURES.unreachable() }
    const { loads, writer } = running
    const end = await writer.write(key, change, wanting.trace)
    if (end.kind !== 'miss' || !loads) return end
    const { failure } = await loads.read(key, { skipL1: true, maxBytes: -1 }, wanting)
    if (failure) return { kind: 'not-sent', failure }
    const again = await writer.write(key, change, wanting.trace)
    return again.kind === 'miss' ? { kind: 'not-sent', failure: FAILURES.incomparable() } : again
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
    this.warmings.close()
    for (const { origin, unasked } of this.#spaces.values()) {
      for (const one of unasked) one.stop()
      origin.slots.close()
    }
  }

  /** @param endsAt until when it may deliver writes, by `performance.now()` */
  async close(endsAt: number): Promise<void> {
    await Promise.all([...this.#spaces.values()].map(({ deliverer }) => deliverer?.finish(endsAt)))
    for (const origin of this.#open) origin.close()
    this.#options.behind.durability.close()
    this.#options.behind.register.close()
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
    this.#showBehind()
    for (const [space, { origin, unasked, deliverer }] of before) {
      if (this.#spaces.get(space)?.origin === origin) continue
      for (const one of unasked) one.stop()
      void deliverer?.stop()
      this.#retire(origin)
    }
  }

  /** Which outboxes this process serves. */
  #showBehind(): void {
    const { register, onNeed } = this.#options.behind
    const policies = [...this.#spaces].flatMap(([space, { origin, deliverer }]) =>
      deliverer ? [{ space, ...origin.policy }] : [],
    )
    register.own(
      policies.flatMap(({ space, namespaces }) =>
        namespaces.map((namespace) => ({ namespace, space })),
      ),
    )
    onNeed(policies.some(({ behind }) => !behind.anyRedis))
  }

  #start(space: string, settings: OriginSettings, text: string): Running {
    const { behind, entries, leases, metrics, writes } = this.#options
    const origin = new Origin(settings, metrics)
    this.#open.add(origin)
    const loads = readsThrough({ origin: origin.policy })
      ? new Loads(new Loader(origin, { entries, leases }), entries)
      : undefined
    const unasked = loads ? [...this.#unasked(space, { origin, loads })] : []
    const isBehind = origin.policy.write === 'behind'
    return {
      text,
      origin,
      loads,
      unasked,
      writer: isBehind ? new BehindWriter(behind) : new Writer(origin, writes),
      deliverer: isBehind
        ? new Deliverer({
            ...behind,
            space,
            origin,
            onDelivery: (outcome) => metrics.delivered(space, outcome),
          })
        : undefined,
    }
  }

  *#unasked(space: string, { origin, loads }: { origin: Origin; loads: Loads }) {
    const { ahead, warmings } = this.#options
    const { refreshAhead, namespaces, warm } = origin.policy
    if (refreshAhead) yield new RefreshAhead({ space, namespaces, loads, ...ahead })
    if (!warm?.onStart && warm?.everyMs === undefined) return
    const { policyOf } = ahead
    yield new Schedule({ space, warmable: { origin, loads }, warmings, policyOf }, warm)
  }

  #retire(origin: Origin): void {
    setTimeout(() => {
      // A long one goes on with the settings that it began with.
      if (this.warmings.isUsing(origin)) return this.#retire(origin)
      this.#open.delete(origin)
      origin.close()
    }, RETIRED_MS).unref()
  }

  *#states() {
    for (const [space, { origin, deliverer }] of this.#spaces) {
      const { circuit, slots } = origin
      yield [space, { used: slots.used, isOpen: circuit.isOpen, behind: deliverer?.state }] as const
    }
  }
}
