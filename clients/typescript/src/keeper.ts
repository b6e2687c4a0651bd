import { isProblem, LeaseLostError } from './errors.js'
import { after } from './repeats.js'
import { Watch } from './watch.js'

/** What a lease has left, counted from before the request that was answered. */
export interface Term {
  readonly askedAt: number
  readonly expiresInMs: number
  /** The holder is asked to give way, for this reason. */
  readonly revoke?: string | undefined
}

/** The term in an answer to a request that may have waited: an old one is renewed at once. */
export const termAfterWait = (askedAt: number, expiresInMs: number): Term => ({
  askedAt: Math.max(askedAt, performance.now() - expiresInMs / 3),
  expiresInMs,
})

/** Whether a lease that was to be renewed has ended. */
export const isEnd = (error: unknown) =>
  error instanceof LeaseLostError ||
  isProblem(error, 'lease-expired', 'lease-revoked', 'lease-released', 'not-owner', 'session-ended')

/** The rest is left for the work to stop in. */
const USABLE = 0.9

/**
 * A lease that is certain until a moment of a monotonic clock. Its signal aborts when the lease has
 * ended, when the holder is asked to give way, and before the lease can end.
 */
export class Certain extends Watch {
  #until = 0
  #deadline: ReturnType<typeof setTimeout> | undefined

  get leftMs(): number {
    return this.#until - performance.now()
  }

  /** Reads the clock: after the process was stopped, timers fire late. */
  override throwIfLost(): void {
    if (this.leftMs <= 0) this.lose('it may have ended')
    super.throwIfLost()
  }

  override lose(why: string, cause?: unknown): void {
    this.end()
    super.lose(why, cause)
  }

  override end(): void {
    clearTimeout(this.#deadline)
  }

  protected accept({ askedAt, expiresInMs, revoke }: Term): void {
    clearTimeout(this.#deadline)
    this.#until = askedAt + expiresInMs * USABLE
    this.#deadline = after(this.leftMs, () => this.lose('no renewal in time'))
    if (revoke !== undefined) this.giveWay(revoke)
  }
}

/** Renews within the time of the call, unless its signal aborts. */
export type Renew = (call: { timeoutMs: number; signal: AbortSignal }) => Promise<Term>

/** Renews a lease in the background, three times per term. */
export class Keeper extends Certain {
  readonly #renew: Renew
  readonly #done = new AbortController()
  #renewal: ReturnType<typeof setTimeout> | undefined

  constructor(granted: Term, renew: Renew) {
    super()
    this.#renew = renew
    this.accept(granted)
  }

  override end(): void {
    super.end()
    this.#done.abort()
    clearTimeout(this.#renewal)
  }

  protected override accept(term: Term): void {
    super.accept(term)
    this.#renewAfter(term.askedAt + term.expiresInMs / 3 - performance.now())
  }

  #renewAfter(ms: number): void {
    this.#renewal = after(ms, () => this.#renewOnce())
  }

  async #renewOnce(): Promise<void> {
    // One that gets no answer leaves time for another, which may find another instance.
    const timeoutMs = this.leftMs / 2
    const { signal } = this.#done
    try {
      const term = await this.#renew({ timeoutMs, signal })
      if (!signal.aborted) this.accept(term)
    } catch (error) {
      if (signal.aborted) return
      if (isEnd(error)) return this.lose('it has ended', error)
      // Asked again soon; the deadline ends the tries.
      this.#renewAfter(Math.max(10, timeoutMs / 5))
    }
  }
}
