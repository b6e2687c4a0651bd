import { StoreError } from '../../../redis/errors.js'
import { randomToken } from '../../../redis/random.js'
import type { CacheKey, EntryStore } from '../../entries/store.js'
import type { PolicyOf } from '../../spaces/store.js'
import type { Origin } from '../origin.js'
import { toOutgoing } from '../writing/sending.js'
import type { OutboxState } from './scripts.js'
import { total } from './state.js'
import type { Claimed, OutboxName, OutboxStore } from './store.js'
import { type Delivered, deliveredBy } from './verdict.js'

export interface DelivererOptions {
  readonly space: string
  readonly origin: Origin
  readonly partitions: number
  readonly outbox: Pick<OutboxStore, 'claim' | 'leave' | 'settle' | 'fail'>
  /** Without the memory of the process. */
  readonly entries: Pick<EntryStore, 'read'>
  readonly policyOf: PolicyOf
  readonly onDelivery: (outcome: Delivered['outcome'] | 'lost') => void
}

type Claims = Extract<Claimed, { kind: 'claimed' }>

/** An outbox, and when it is looked at again. */
interface Watched extends OutboxName {
  lookAt: number
  /** This instance delivers it, as far as it knows. */
  isOurs: boolean
  state: OutboxState
}

const LONGEST_TICK_MS = 1_000
const SHORTEST_TICK_MS = 20

/**
 * Brings the writes of one space to its origin. Of each outbox one instance delivers, by a lease that
 * its claims renew. Several keys are on their way at once, each key once; the next is claimed when one
 * is done.
 */
export class Deliverer {
  readonly #options: DelivererOptions
  readonly #instance = randomToken()
  readonly #watched: readonly Watched[]
  readonly #sending = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> | undefined
  #isStopped = false

  constructor(options: DelivererOptions) {
    this.#options = options
    const { space, partitions, origin } = options
    this.#watched = origin.policy.namespaces.flatMap((namespace) =>
      Array.from({ length: partitions }, (_, partition) => ({
        namespace,
        space,
        partition,
        lookAt: 0,
        isOurs: false,
        state: total([]),
      })),
    )
    this.#timer = setInterval(() => this.#look(), this.#tickMs).unref()
  }

  /** Of the outboxes that this instance delivers, as it last claimed. */
  get state(): OutboxState {
    return total(this.#watched.filter(({ isOurs }) => isOurs).map(({ state }) => state))
  }

  /** Claims no more, and leaves the rest to other deliverers. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#isStopped = true
    await this.#looking
    await Promise.all(this.#sending)
    for (const watched of this.#watched) if (watched.isOurs) await this.#leave(watched)
  }

  /** The same, after it has delivered what it can until then, by `performance.now()`. */
  async finish(endsAt: number): Promise<void> {
    clearInterval(this.#timer)
    this.#isStopped = true
    await this.#looking
    while (performance.now() < endsAt) {
      await this.#claimAll(true)
      if (this.#sending.size === 0) break
      await Promise.race(this.#sending)
    }
    await this.stop()
  }

  get #tickMs(): number {
    const { intervalMs } = this.#options.origin.policy.behind
    return Math.min(LONGEST_TICK_MS, Math.max(SHORTEST_TICK_MS, intervalMs))
  }

  #look(): void {
    if (this.#isStopped) return
    this.#looking ??= this.#claimAll(false).then(() => {
      this.#looking = undefined
    })
  }

  async #claimAll(isLast: boolean): Promise<void> {
    for (const watched of this.#watched) {
      const isSkipped = isLast
        ? !watched.isOurs
        : this.#isStopped || performance.now() < watched.lookAt
      if (isSkipped) continue
      try {
        await this.#claim(watched, isLast)
      } catch (error) {
        // What was claimed, if anything, is due again by itself.
        if (!(error instanceof StoreError)) throw error
        watched.lookAt = performance.now() + LONGEST_TICK_MS
      }
    }
  }

  async #claim(watched: Watched, isLast: boolean): Promise<void> {
    const { origin, outbox, policyOf } = this.#options
    const { policy } = origin
    const slots = this.#takeSlots()
    try {
      const claimed = await outbox.claim(watched, {
        instance: this.#instance,
        policy,
        most: slots.count,
        aheadMs: isLast ? policy.behind.intervalMs : 0,
      })
      watched.isOurs = claimed.kind === 'claimed'
      watched.state = claimed.state
      const heldMs = claimed.kind === 'held' ? Math.min(claimed.leftMs, LONGEST_TICK_MS) : 0
      watched.lookAt = performance.now() + (heldMs || this.#tickMs)
      if (claimed.kind === 'held') return
      if (slots.count > 0 && claimed.names.length === slots.count) watched.lookAt = 0
      const { namespace, space } = watched
      const spacePolicy = await policyOf(namespace, space)
      for (const name of claimed.names) {
        slots.count -= 1
        this.#begin({ namespace, space, key: name, policy: spacePolicy }, claimed)
      }
    } finally {
      for (; slots.count > 0; slots.count--) this.#release()
    }
  }

  /** As many as may be on their way: those of loads and deliveries share the slots of the origin. */
  #takeSlots(): { count: number } {
    const { circuit, slots, policy } = this.#options.origin
    const taken = { count: 0 }
    // An open circuit lets one request through, to see whether the origin is back.
    const most = circuit.refusesMs > 0 ? 0 : circuit.isOpen ? 1 : policy.maxConcurrent
    while (taken.count + this.#sending.size < most && this.#takeSlot(slots.isClosed)) {
      taken.count += 1
    }
    return taken
  }

  #takeSlot(isDraining: boolean): boolean {
    return isDraining || this.#options.origin.slots.takeInBackground()
  }

  #release(): void {
    const { slots } = this.#options.origin
    if (!slots.isClosed) slots.release(true)
  }

  #begin(key: CacheKey, claims: Claims): void {
    const sending = this.#deliver(key, claims)
      .catch((error: unknown) => {
        if (!(error instanceof StoreError)) throw error
      })
      .finally(() => {
        this.#sending.delete(sending)
        this.#release()
        this.#look()
      })
    this.#sending.add(sending)
  }

  async #deliver(key: CacheKey, { token, sendBefore }: Claims): Promise<void> {
    const { outbox, onDelivery, origin } = this.#options
    const { entry } = await this.#options.entries.read(key)
    const version = entry?.isPending ? entry.version : 0
    if (!entry || version === 0) {
      await outbox.settle(key, { token, version, drops: false })
      return
    }
    const operation = entry.state === 'negative' ? 'delete' : 'write'
    const { payload = Buffer.alloc(0), contentType, contentEncoding } = entry
    const value = operation === 'write' ? { payload, contentType, contentEncoding } : undefined
    const sent =
      performance.now() < sendBefore
        ? await origin.send(
            key,
            operation,
            { requestId: randomToken() },
            {
              ...toOutgoing(key, value, version),
              sendBefore,
              wantsBody: () => false,
            },
          )
        : undefined
    const delivered = deliveredBy(sent?.exchanged, operation, version)
    const outcome =
      'drops' in delivered
        ? await outbox.settle(key, {
            token,
            version,
            drops: delivered.drops || origin.policy.after === 'drop',
          })
        : await outbox.fail(key, { token, version, ...delivered })
    onDelivery(outcome === 'lost' ? 'lost' : delivered.outcome)
  }

  async #leave(watched: Watched): Promise<void> {
    watched.isOurs = false
    await this.#options.outbox.leave(watched, this.#instance).catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
    })
  }
}
