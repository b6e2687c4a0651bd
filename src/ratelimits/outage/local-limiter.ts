import { algorithmOf, windowOf } from '../algorithms/algorithms.js'
import type { Policy } from '../policies/policy.js'

/** What one subject has of one limit, at one moment. Times in us. */
export interface Account {
  /** Cost that may be taken. */
  left(): number
  /** Until nothing is consumed any more. */
  resetUs(): number
  /** Until a cost that is not left now may be taken. */
  retryUs(cost: number): number
  take(cost: number): void
}

interface State {
  /** The theoretical arrival time of the next unit, in us of the limiter's clock. */
  readonly tat: number
  /** The time one unit took when that was written. */
  readonly interval: number
}

/** Beyond, the subject that took nothing for longest starts afresh. */
const MAX_SUBJECTS = 10_000
/** What is above the share can only be allowed by Redis, which may be back by then. */
const ASK_AGAIN_US = 1_000_000

/**
 * Limits in the memory of this process while Redis is away. Each instance grants its share of limit
 * and burst, whatever the algorithm by GCRA: nobody here knows of windows that others have begun.
 */
export class LocalLimiter {
  readonly #instances: number
  readonly #nowUs: () => number
  /** Who took something longest ago first. */
  readonly #subjects = new Map<string, State>()

  /** @param instances that share a limit; each grants max(1, floor(limit / instances)). */
  constructor(instances: number, nowUs: () => number) {
    this.#instances = instances
    this.#nowUs = nowUs
  }

  /** @param subject identifies what is counted, in all namespaces. */
  account(subject: string, policy: Policy): Account {
    const now = this.#nowUs()
    const interval = (windowOf(policy) * 1_000) / this.#share(policy.limit)
    const burst = this.#share(algorithmOf(policy).maxCost(policy))
    // Nobody waits for usage of a larger limit, as with Redis.
    let debt = Math.min(this.#debtOf(subject, now, interval), burst * interval)
    return {
      left: () => Math.max(0, Math.floor(burst - debt / interval)),
      resetUs: () => Math.ceil(debt),
      retryUs: (cost) =>
        cost > burst ? ASK_AGAIN_US : Math.max(0, Math.ceil(debt + (cost - burst) * interval)),
      take: (cost) => {
        debt += cost * interval
        this.#write(subject, { tat: now + debt, interval })
      },
    }
  }

  #share(limit: number): number {
    return Math.max(1, Math.floor(limit / this.#instances))
  }

  /** With another limit what was consumed stays consumed, in units. */
  #debtOf(subject: string, now: number, interval: number): number {
    const state = this.#subjects.get(subject)
    if (!state || state.tat <= now) return 0
    return ((state.tat - now) * interval) / state.interval
  }

  #write(subject: string, state: State): void {
    this.#subjects.delete(subject)
    this.#subjects.set(subject, state)
    if (this.#subjects.size > MAX_SUBJECTS) {
      this.#subjects.delete(this.#subjects.keys().next().value as string)
    }
  }
}
