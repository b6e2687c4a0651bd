import { Overload } from './overload.js'
import { type Problem, problem } from './problem.js'

export interface LoadSettings {
  readonly maxConnections: number
  readonly maxRequests: number
  readonly maxStreams: number
  readonly maxWaiters: number
  readonly maxBodyBytes: number
  readonly overloadDelayMs: number
}

/** What an instance has of one kind. */
export class Bound {
  readonly max: number
  /** For requests that keep a lease: an eighth more. */
  readonly reserve: number
  count = 0

  constructor(max: number) {
    this.max = max
    this.reserve = Math.ceil(max / 8)
  }

  hasRoom(keepsLease: boolean, more = 1): boolean {
    return this.count + more <= (keepsLease ? this.max + this.reserve : this.max)
  }
}

const DETAILS = {
  connections: 'This instance has as many connections as it accepts.',
  requests: 'This instance works on as many requests as it accepts.',
  streams: 'This instance has as many event streams as it accepts.',
  waiters: 'As many requests wait at this instance as it accepts.',
  'body-bytes': 'This instance receives as many bytes as it accepts.',
  'event-loop': 'This instance is busy: requests wait too long before it reads them.',
  redis: 'Redis is slow: calls wait too long for its answers.',
}

/** Why a request is refused. */
export type ShedReason = keyof typeof DETAILS

const REASONS = Object.keys(DETAILS) as readonly ShedReason[]

type Bounded = Exclude<ShedReason, 'event-loop' | 'redis'>

const FEWEST_MS = 500
const MOST_MS = 3_000
/** Made once: the stack of an error costs more than the rest of a refusal. */
const VARIANTS = 16

/** Repeats are spread, so that clients that were refused together do not come back together. */
const variantsOf = (reason: ShedReason): readonly Problem[] =>
  Array.from({ length: VARIANTS }, (_, i) =>
    problem('overloaded', DETAILS[reason], {
      retryAfterMs: FEWEST_MS + Math.round(((MOST_MS - FEWEST_MS) * i) / (VARIANTS - 1)),
      extensions: { reason },
    }),
  )

/** What an instance does now, and how much of it it accepts. */
export class Load {
  readonly bounds: Readonly<Record<Bounded, Bound>>
  readonly overload: Overload
  /** Whether there was a request since somebody looked. */
  #wasUsed = false
  readonly #onShed: (reason: ShedReason) => void
  readonly #refusals: Readonly<Record<ShedReason, readonly Problem[]>>

  constructor(
    settings: LoadSettings,
    ping: () => Promise<unknown>,
    onShed: (reason: ShedReason) => void,
  ) {
    this.#onShed = onShed
    this.overload = new Overload({
      limitMs: settings.overloadDelayMs,
      ping,
      wasUsed: () => {
        const was = this.#wasUsed
        this.#wasUsed = false
        return was
      },
    })
    this.bounds = {
      connections: new Bound(settings.maxConnections),
      requests: new Bound(settings.maxRequests),
      streams: new Bound(settings.maxStreams),
      waiters: new Bound(settings.maxWaiters),
      'body-bytes': new Bound(settings.maxBodyBytes),
    }
    this.#refusals = Object.fromEntries(
      REASONS.map((reason) => [reason, variantsOf(reason)]),
    ) as never
  }

  /** Counts a request. */
  begin(): void {
    this.#wasUsed = true
    this.bounds.requests.count += 1
  }

  shed(reason: ShedReason): void {
    this.#onShed(reason)
  }

  /** @returns the problem to throw */
  refuse(reason: ShedReason): Problem {
    this.shed(reason)
    return this.#refusals[reason][Math.floor(Math.random() * VARIANTS)] as Problem
  }
}
