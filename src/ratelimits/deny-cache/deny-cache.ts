import type { LimitReply } from '../checks/scripts.js'
import type { Policy } from '../policies/policy.js'

interface Denial {
  /** Another version of the policy is another object. */
  readonly policy: Policy
  /** A smaller cost may be allowed. */
  readonly cost: number
  readonly result: LimitReply
  /** Times in us of the cache's clock. */
  readonly answeredAt: number
  /** Until then it is used; a change would have arrived as a message. */
  freshUntil: number
  /** Until then it holds unless a change frees the subject. */
  readonly endsAt: number
}

/** A check that Redis has not answered yet. */
export interface Question {
  readonly askedAt: number
  readonly drops: number
}

const MAX_DENIALS = 10_000
/** An instance that misses the message of a change denies the subject for at most this time. */
const LONGEST_US = 1_000_000

/**
 * Recent denials that still hold. A subject that keeps calling above its limit costs Redis one call a
 * second, and none while Redis does not answer. A change that may free the subject (refund, reset,
 * override, block, settled reservation) drops its denial here and, by message, in other instances.
 */
export class DenyCache {
  readonly #nowUs: () => number
  /** The oldest first. */
  readonly #denials = new Map<string, Denial>()
  #drops = 0

  /** @param nowUs a clock that never goes back. */
  constructor(nowUs: () => number) {
    this.#nowUs = nowUs
  }

  /** To be passed to `remember` with the answer to a check that is sent now. */
  question(): Question {
    return { askedAt: this.#nowUs(), drops: this.#drops }
  }

  /** A denial that holds for this cost, with its times as of now. */
  find(id: string, policy: Policy, cost: number): LimitReply | undefined {
    return this.#find(id, policy, cost, ({ freshUntil }) => freshUntil)
  }

  /**
   * The last known denial, for an outage of Redis: a denied subject stays denied until its retry time,
   * even if messages may have been missed.
   */
  recall(id: string, policy: Policy, cost: number): LimitReply | undefined {
    return this.#find(id, policy, cost, ({ endsAt }) => endsAt)
  }

  #find(id: string, policy: Policy, cost: number, endOf: (denial: Denial) => number) {
    const denial = this.#denials.get(id)
    if (!denial || denial.policy !== policy || cost < denial.cost) return undefined
    const now = this.#nowUs()
    if (now < endOf(denial)) return after(denial.result, now - denial.answeredAt)
    if (now >= denial.endsAt) this.#denials.delete(id)
    return undefined
  }

  /**
   * Keeps nothing if a denial was dropped since the question: this one may be older than the change.
   * Its end is counted from the question, not the answer, so it is never later than in Redis.
   */
  remember(
    id: string,
    { askedAt, drops }: Question,
    { policy, cost, result }: Pick<Denial, 'policy' | 'cost' | 'result'>,
  ): void {
    if (drops !== this.#drops) return
    const answeredAt = this.#nowUs()
    const endsAt = askedAt + result.retryUs
    const freshUntil = Math.min(endsAt, askedAt + LONGEST_US)
    this.#denials.delete(id)
    this.#denials.set(id, { policy, cost, result, answeredAt, freshUntil, endsAt })
    if (this.#denials.size > MAX_DENIALS) {
      this.#denials.delete(this.#denials.keys().next().value as string)
    }
  }

  /** After Redis has allowed the subject. */
  forget(id: string): void {
    this.#denials.delete(id)
  }

  /** After a change that may have freed the subject. Answers to open questions are not remembered. */
  drop(id: string): void {
    this.#drops += 1
    this.#denials.delete(id)
  }

  /** After messages may have been missed: Redis decides again, if it answers. */
  doubt(): void {
    this.#drops += 1
    for (const denial of this.#denials.values()) denial.freshUntil = 0
  }
}

/** The same denial later: only its times change. */
function after(result: LimitReply, passedUs: number): LimitReply {
  const passed = Math.floor(passedUs)
  return {
    allowed: false,
    remaining: result.remaining,
    resetUs: Math.max(0, result.resetUs - passed),
    retryUs: Math.max(1, result.retryUs - passed),
    granted: 0,
    override: result.override,
    blocked: result.blocked,
    delayUs: 0,
    takenAtUs: result.takenAtUs + passed,
  }
}
