import { StoreError } from '../../redis/errors.js'
import type { LeaseOffer, LeveledReply } from '../entries/store.js'

/** A request that waits until it can be served, or is granted the lease. */
export interface Waiter {
  readonly offer: LeaseOffer
  /** Ends the wait. */
  answer(reply: LeveledReply): void
  fail(error: unknown): void
  /** Its answer when its time runs out: the result of the last read. */
  last: LeveledReply | StoreError
}

export interface SingleFlightOptions {
  readonly read: (offer: LeaseOffer) => Promise<LeveledReply>
  readonly cancel: (proof: string) => Promise<unknown>
}

/** Messages only make it faster: a missed one delays the next read by at most this. */
const READ_EVERY_MS = 1_000
/** After a read that failed; doubled by each further failure. */
const RETRY_MS = 50

/**
 * The requests of this process that wait for one key. They share one read at a time: it asks for the
 * lease in the name of the first waiter, and its reply serves the others.
 */
export class SingleFlight {
  readonly #options: SingleFlightOptions
  readonly #waiters = new Set<Waiter>()
  #isReading = false
  #mustReadAgain = false
  /** Reads that failed since the last that did not. */
  #failures = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: SingleFlightOptions) {
    this.#options = options
  }

  get waiters(): ReadonlySet<Waiter> {
    return this.#waiters
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter)
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    if (this.#waiters.size === 0) clearTimeout(this.#timer)
  }

  /** Something may have changed: reads, or reads again after the read that is in flight. */
  refresh(): void {
    this.#mustReadAgain = true
    if (!this.#isReading) void this.#readUntilCurrent()
  }

  async #readUntilCurrent(): Promise<void> {
    this.#isReading = true
    while (this.#mustReadAgain && this.#waiters.size > 0) {
      this.#mustReadAgain = false
      const asking = [...this.#waiters] as [Waiter, ...Waiter[]]
      try {
        const reply = await this.#options.read(this.#offerOf(asking[0]))
        this.#failures = 0
        this.#settle(asking, reply)
      } catch (error) {
        this.#retry(error)
      }
    }
    this.#isReading = false
  }

  /** While the waiter waits, it asks again: a lease that a late reply won is still its own then. */
  #offerOf(waiter: Waiter): LeaseOffer {
    const waiters = this.#waiters
    const { token, isOwn, early } = waiter.offer
    return {
      token,
      early,
      get isOwn() {
        return isOwn || waiters.has(waiter)
      },
    }
  }

  /** Redis was away for a moment: all wait on, because failing them would make all of them load. */
  #retry(error: unknown): void {
    for (const waiter of this.#waiters) {
      if (error instanceof StoreError) waiter.last = error
      else waiter.fail(error)
    }
    this.#readIn(RETRY_MS * 2 ** Math.min(this.#failures++, 5))
  }

  /**
   * @param asking the waiters when the read was sent. A later one may have seen an invalidation that
   * the reply does not, so another read serves it.
   */
  #settle(asking: readonly [Waiter, ...Waiter[]], reply: LeveledReply): void {
    const [first] = asking
    const { lease } = reply
    if (lease.kind === 'granted') {
      if (this.#waiters.has(first)) first.answer(reply)
      // The first waiter left before its lease arrived.
      else this.#options.cancel(lease.proof).catch(() => undefined)
    }

    const others = toOthers(reply)
    const isOver = reply.entry !== undefined || !isWaited(lease)
    for (const waiter of asking) {
      if (!this.#waiters.has(waiter)) continue
      if (isOver) waiter.answer(others)
      else waiter.last = others
    }
    if (isOver) this.#mustReadAgain = true
    this.#readIn(others.lease.kind === 'held' ? others.lease.retryAfterMs : READ_EVERY_MS)
  }

  /** No message says that a lease ran out. */
  #readIn(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#waiters.size === 0) return
    this.#timer = setTimeout(() => this.refresh(), Math.min(ms, READ_EVERY_MS)).unref()
  }
}

/** Whether a load may come that serves those who wait; during a write none is stored. */
const isWaited = (lease: LeveledReply['lease']): boolean =>
  lease.kind === 'granted' || (lease.kind === 'held' && !lease.isWritten)

/** The reply for the waiters that did not win the lease. */
function toOthers(reply: LeveledReply): LeveledReply {
  const { lease } = reply
  if (lease.kind !== 'granted') return reply
  return { ...reply, lease: { kind: 'held', retryAfterMs: lease.leftMs } }
}
