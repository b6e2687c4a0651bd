import { algorithmOf, windowOf } from '../algorithms/algorithms.js'
import type { Policy } from '../policies/policy.js'

/** The usage of one subject at one moment. Times in us. */
export interface Account {
  /** Cost that may be taken. */
  left(): number
  /** Until the usage is zero. */
  resetUs(): number
  /** Until a cost may be taken for which there is no room now. */
  retryUs(cost: number): number
  take(cost: number): void
}

interface State {
  /** The theoretical arrival time of the next unit, in us of the limiter's clock. */
  readonly tat: number
  /** Time per unit when the state was written. */
  readonly interval: number
}

/** Above this number the least recently used subject is forgotten. */
const MAX_SUBJECTS = 10_000
/** A cost above the share of this instance can only be allowed by Redis, which may answer by then. */
const ASK_AGAIN_US = 1_000_000

/**
 * Limits in the memory of this process during an outage of Redis. Each instance grants its share of
 * limit and burst, always by GCRA: the windows that Redis has begun are unknown here.
 */
export class LocalLimiter {
  readonly #instances: number
  readonly #nowUs: () => number
  /** The least recently used first. */
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
    // As with Redis, usage of a larger limit makes no call wait.
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

  /** After a change of the limit the usage is the same in units of cost. */
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
