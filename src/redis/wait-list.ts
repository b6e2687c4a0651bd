import type { Registration, Turn, Waiter } from './waiter.js'

export interface WaitListOptions {
  readonly instance: string
  readonly pollMs: number
  readonly onServed: (seconds: number) => void
  /** No request waits here any more: others get the wake. */
  readonly pass: (ready: number) => void
  readonly onIdle: () => void
}

/**
 * The requests of this process that wait for one thing, the first first. While one of them waits, the
 * instance is registered in Redis, or a wake for it or an attempt is under way.
 */
export class WaitList {
  readonly #options: WaitListOptions
  readonly #waiters = new Set<Waiter<unknown>>()
  /** How many waiters are to ask: woken, and not asked yet. */
  #woken = 0
  /** When the first of them was woken. */
  #wokenAt = 0
  #isServing = false
  #timer: NodeJS.Timeout | undefined
  #timerAt = 0

  constructor(options: WaitListOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#waiters.size
  }

  /** Begins with an attempt: a waiter that is not woken knows that it registered the instance. */
  add(waiter: Waiter<unknown>): void {
    this.#waiters.add(waiter)
    void this.#ask(waiter)
  }

  leave(waiter: Waiter<unknown>): void {
    waiter.leave()
    this.#remove(waiter)
  }

  drain(): void {
    for (const waiter of this.#waiters) this.leave(waiter)
  }

  /** Lets the first `count` waiters ask; those of a wake during their attempts ask after these. */
  wake(count: number): void {
    if (this.#woken === 0) this.#wokenAt = performance.now()
    this.#woken += count
    if (!this.#isServing) void this.#serve()
  }

  /** Something is ready in `ms`, without another message. */
  wakeIn(ms: number): void {
    const at = performance.now() + ms
    if (this.size === 0 || (this.#timer && this.#timerAt <= at)) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.wake(1)
    }, ms).unref()
  }

  /** While all that ask are served and something is left, twice as many are next. */
  async #serve(): Promise<void> {
    this.#isServing = true
    while (this.#woken > 0 && this.size > 0) {
      const [count, since] = [this.#woken, this.#wokenAt]
      this.#woken = 0
      const asking = first(this.#waiters, count).map((waiter) => this.#ask(waiter))
      const turns = (await Promise.all(asking)).filter((turn) => turn !== undefined)
      // In place of those whose wait was over before they could ask.
      this.#woken += asking.length - turns.length
      const served = turns.filter(({ got }) => got !== undefined)
      for (const _ of served) this.#options.onServed((performance.now() - since) / 1_000)
      if (served.length === turns.length && turns.at(-1)?.left && this.size > 0)
        this.#woken += 2 * count
    }
    this.#isServing = false
    if (this.#woken > 0) this.#options.pass(this.#woken)
    this.#woken = 0
  }

  async #ask(waiter: Waiter<unknown>): Promise<Turn<unknown> | undefined> {
    const turn = await waiter.ask(() => this.#registration())
    if (waiter.isOver) this.#remove(waiter)
    const { pollMs } = this.#options
    if (turn) this.wakeIn(Math.min(turn.nextMs ?? pollMs, pollMs))
    return turn
  }

  #registration(): Registration {
    return { instance: this.#options.instance, others: this.size > 1 }
  }

  #remove(waiter: Waiter<unknown>): void {
    if (!this.#waiters.delete(waiter) || this.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#options.onIdle()
  }
}

function first<T>(set: ReadonlySet<T>, count: number): T[] {
  const some: T[] = []
  for (const one of set) {
    if (some.length === count) break
    some.push(one)
  }
  return some
}
