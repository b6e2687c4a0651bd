import type { LimitReply } from '../checks/scripts.js'
import type { Policy } from '../policies/policy.js'

interface Denial {
  /** Another version of the policy is another object. */
  readonly policy: Policy
  /** What was asked for: less may be allowed. */
  readonly cost: number
  readonly result: LimitReply
  /** Times in us of the cache's clock. */
  readonly answeredAt: number
  /** Until then it is known to hold: a change would have been heard of. */
  freshUntil: number
  /** Until then it holds unless something frees the subject. */
  readonly endsAt: number
}

/** A question that is under way. */
export interface Question {
  readonly askedAt: number
  readonly drops: number
}

const MAX_DENIALS = 10_000
/** Whoever misses the message that a subject was freed denies it for no longer than this. */
const LONGEST_US = 1_000_000

/**
 * Who was denied a moment ago, and will be again: somebody who hammers at a limit costs Redis one
 * call a second, and none at all while Redis does not answer. What frees a subject before its time (a refund, a reset, an override, a block that
 * ends, a reservation that is settled) drops it here, and by message everywhere else.
 */
export class DenyCache {
  readonly #nowUs: () => number
  /** In the order of their coming. */
  readonly #denials = new Map<string, Denial>()
  #drops = 0

  /** @param nowUs a clock that never goes back. */
  constructor(nowUs: () => number) {
    this.#nowUs = nowUs
  }

  /** What `remember` wants to know of a question that is asked now. */
  question(): Question {
    return { askedAt: this.#nowUs(), drops: this.#drops }
  }

  /** The denial that is known to hold for this cost, with its times as of now. */
  find(id: string, policy: Policy, cost: number): LimitReply | undefined {
    return this.#find(id, policy, cost, ({ freshUntil }) => freshUntil)
  }

  /**
   * What this process knew last, for when Redis cannot be asked: whoever was denied stays denied until
   * it may try again, also where messages may have been missed.
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
   * Not where something was dropped since the question was asked: the denial may be from before.
   * It ends a while after the question, not the answer, and so never later than it does in Redis.
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

  /** Redis has allowed the subject again. */
  forget(id: string): void {
    this.#denials.delete(id)
  }

  /** Something may have freed the subject: what is being asked about it now is not remembered. */
  drop(id: string): void {
    this.#drops += 1
    this.#denials.delete(id)
  }

  /** Where messages may have been missed: Redis is asked, if it answers. */
  doubt(): void {
    this.#drops += 1
    for (const denial of this.#denials.values()) denial.freshUntil = 0
  }
}

/** Waiting times shrink by what has passed since they were told, and by nothing else. */
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
