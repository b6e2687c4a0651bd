/** What a request waits for, and which therefore says that an instance is overloaded. */
export type Signal = 'event-loop' | 'redis'

const TICK_MS = 25
const WINDOW_MS = 500
/** A blocked event loop has few; one alone may be a pause. */
const LEAST_TICKS = 3
const PING_EVERY_MS = 100

/** Some requests always pass: what they meet shows that the load is gone. */
const MOST_PERCENT = 95
const STEP_PERCENT = 10
/** A large excess raises the share by so many steps at once. */
const MOST_STEPS = 3

/**
 * The share of requests that is refused for one signal. It follows the least delay of each window: a
 * pause or a slow script delays some, a queue that does not empty delays all. It rises while that is
 * above the limit, and falls while it is below half of it, so that it does not swing.
 */
export class Shedding {
  /** The least delay of the last window. */
  delayMs = 0
  percent = 0
  readonly #limitMs: number
  #least = Number.POSITIVE_INFINITY

  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** Whether this window has a delay yet. */
  get hasSeen(): boolean {
    return this.#least < Number.POSITIVE_INFINITY
  }

  see(delayMs: number): void {
    this.#least = Math.min(this.#least, delayMs)
  }

  endWindow(): void {
    this.delayMs = this.hasSeen ? this.#least : 0
    this.#least = Number.POSITIVE_INFINITY
    const excess = this.delayMs / this.#limitMs
    if (excess > 1) this.#move(Math.ceil(STEP_PERCENT * Math.min(MOST_STEPS, excess)))
    else if (excess < 0.5) this.#move(-STEP_PERCENT)
  }

  #move(by: number): void {
    this.percent = Math.min(MOST_PERCENT, Math.max(0, this.percent + by))
  }
}

export interface OverloadOptions {
  /** The delay beyond which requests are refused. */
  readonly limitMs: number
  /** A call that waits behind those of requests; rejects at once where there is no connection. */
  readonly ping: () => Promise<unknown>
  /** Whether there were requests since the last call. */
  readonly wasUsed: () => boolean
}

/** Measures how long the event loop and Redis delay a request. */
export class Overload {
  readonly 'event-loop': Shedding
  readonly redis: Shedding
  readonly #options: OverloadOptions
  readonly #timer: NodeJS.Timeout
  #tickedAt = performance.now()
  #ticks = 0
  #windowAt = performance.now()
  #isUsed = false
  /** When the PING under way was sent. */
  #pingedAt: number | undefined
  #nextPingAt = 0

  constructor(options: OverloadOptions) {
    this.#options = options
    this['event-loop'] = new Shedding(options.limitMs)
    this.redis = new Shedding(options.limitMs)
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Which signal refuses a request, by chance; undefined if none does. */
  refuses(needsRedis: boolean): Signal | undefined {
    const loop = this['event-loop'].percent
    const redis = needsRedis ? this.redis.percent : 0
    if (loop === 0 && redis === 0) return undefined
    if (Math.random() * 100 >= Math.max(loop, redis)) return undefined
    return loop >= redis ? 'event-loop' : 'redis'
  }

  #tick(): void {
    const now = performance.now()
    this['event-loop'].see(Math.max(0, now - this.#tickedAt - TICK_MS))
    this.#tickedAt = now
    // Unused, an instance asks nothing: what it would learn is not needed.
    if (this.#isUsed && this.#pingedAt === undefined && now >= this.#nextPingAt)
      void this.#ping(now)
    this.#ticks += 1
    if (this.#ticks >= LEAST_TICKS && now - this.#windowAt >= WINDOW_MS) this.#endWindow(now)
  }

  #endWindow(now: number): void {
    const { redis } = this
    this.#ticks = 0
    this.#windowAt = now
    if (this.#pingedAt !== undefined && !redis.hasSeen) this.#sawRedis(now - this.#pingedAt)
    this['event-loop'].endWindow()
    redis.endWindow()
    this.#isUsed = this.#options.wasUsed() || redis.percent > 0
  }

  async #ping(now: number): Promise<void> {
    this.#pingedAt = now
    await this.#options.ping().then(
      () => this.#sawRedis(performance.now() - now),
      // Without a connection requests fail at once.
      () => undefined,
    )
    this.#pingedAt = undefined
    this.#nextPingAt = now + PING_EVERY_MS
  }

  /** The event loop delays the answer of Redis as well. */
  #sawRedis(ms: number): void {
    this.redis.see(Math.max(0, ms - this['event-loop'].delayMs))
  }
}
