import { StoreError } from '../../redis/errors.js'
import type { LeaseWish, LeveledReply } from '../entries/store.js'

/** Somebody who waits until a key can be served, or is theirs to load. */
export interface Waiter {
  readonly wish: LeaseWish
  /** Ends the wait. */
  answer(reply: LeveledReply): void
  fail(error: unknown): void
  /** What it is told should its time run out: what the last look found, or met. */
  last: LeveledReply | StoreError
}

export interface CrowdOptions {
  readonly read: (wish: LeaseWish) => Promise<LeveledReply>
  readonly cancel: (proof: string) => Promise<unknown>
}

/** Messages only make it faster: whatever was missed is found so much later. */
const LOOK_EVERY_MS = 1_000
/** After a look that failed; twice as long after the next one. */
const LOOK_AGAIN_MS = 50

/**
 * Those in this process who wait for one key. One read at a time serves all of them: it offers the
 * lease to whoever came first, and the others share what it brings.
 */
export class Crowd {
  readonly #options: CrowdOptions
  readonly #waiters = new Set<Waiter>()
  #isLooking = false
  #mustLookAgain = false
  /** Looks that failed since the last that did not. */
  #failures = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: CrowdOptions) {
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

  /** Something may have changed. */
  look(): void {
    this.#mustLookAgain = true
    if (!this.#isLooking) void this.#lookOn()
  }

  async #lookOn(): Promise<void> {
    this.#isLooking = true
    while (this.#mustLookAgain && this.#waiters.size > 0) {
      this.#mustLookAgain = false
      const asking = [...this.#waiters] as [Waiter, ...Waiter[]]
      try {
        const reply = await this.#options.read(this.#wishOf(asking[0]))
        this.#failures = 0
        this.#settle(asking, reply)
      } catch (error) {
        this.#endure(error)
      }
    }
    this.#isLooking = false
  }

  /** Who waits here asks again, so a lease that is won by an answer that comes too late is its own. */
  #wishOf(waiter: Waiter): LeaseWish {
    const waiters = this.#waiters
    const { token, isOwn, early } = waiter.wish
    return {
      token,
      early,
      get isOwn() {
        return isOwn || waiters.has(waiter)
      },
    }
  }

  /** Redis was away for a moment: all wait on. To fail them would let all of them load at once. */
  #endure(error: unknown): void {
    for (const waiter of this.#waiters) {
      if (error instanceof StoreError) waiter.last = error
      else waiter.fail(error)
    }
    this.#lookIn(LOOK_AGAIN_MS * 2 ** Math.min(this.#failures++, 5))
  }

  /**
   * @param asking those who waited when the read was sent. What it brings may be older than the request
   * of one who came later, and than an invalidation before that: another read serves those.
   */
  #settle(asking: readonly [Waiter, ...Waiter[]], reply: LeveledReply): void {
    const [first] = asking
    const { lease } = reply
    // It went away while the lease was on its way to it.
    const isForfeit = lease.kind === 'won' && !this.#waiters.has(first)
    if (isForfeit) this.#options.cancel(lease.proof).catch(() => undefined)
    else if (lease.kind === 'won') first.answer(reply)

    const others = toOthers(reply)
    const isOver = reply.entry !== undefined || lease.kind === 'backoff' || lease.kind === 'none'
    for (const waiter of asking) {
      if (!this.#waiters.has(waiter)) continue
      if (isOver) waiter.answer(others)
      else waiter.last = others
    }
    if (isOver) this.#mustLookAgain = true
    this.#lookIn(others.lease.kind === 'held' ? others.lease.retryAfterMs : LOOK_EVERY_MS)
  }

  /** The end of a lease makes no message. */
  #lookIn(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#waiters.size === 0) return
    this.#timer = setTimeout(() => this.look(), Math.min(ms, LOOK_EVERY_MS)).unref()
  }
}

/** What a reply says to those who did not win what it grants. */
function toOthers(reply: LeveledReply): LeveledReply {
  const { lease } = reply
  if (lease.kind !== 'won') return reply
  return { ...reply, lease: { kind: 'held', retryAfterMs: lease.leftMs } }
}
