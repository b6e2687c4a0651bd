import type { FastifyReply } from 'fastify'
import { retryAfterSeconds } from '../../http/retry-after.js'
import { capacityOf } from '../algorithms/algorithms.js'
import { windowOf } from '../algorithms/calendar.js'
import type { Limit } from '../limit.js'
import type { RateLimitMetrics } from '../metrics.js'
import { type HeaderStyle, type LimitState, limitHeaders } from './headers.js'
import { type Answer, type Decided, enforced, toAnswer } from './results.js'
import type { LimitRequest } from './store.js'

export interface TellOptions {
  readonly metrics: RateLimitMetrics
  readonly headerStyle: HeaderStyle
}

/** What a script says of one limit beside a decision. */
export interface Left {
  /** The limit that holds for this subject instead of that of the policy, or 0. */
  readonly override: number
  readonly remaining: number
  readonly resetUs: number
}

/** How limits are told of: what is counted, the headers, the body. */
export interface Tell {
  /** @param isCounted false for a peek, which decides nothing */
  decision(
    reply: FastifyReply | undefined,
    namespace: string,
    limits: readonly LimitRequest[],
    outcome: Decided,
    isCounted: boolean,
  ): Answer
  /** What is left of one limit after something else than a check. */
  left(
    reply: FastifyReply,
    limit: Limit,
    left: Left,
  ): { readonly limit: number; readonly remaining: number; readonly resetAfterMs: number }
}

export function createTell({ metrics, headerStyle }: TellOptions): Tell {
  return {
    decision(reply, namespace, limits, outcome, isCounted) {
      const answer = toAnswer(limits, outcome)
      if (isCounted) metrics.decided(namespace, limits, answer.results)
      if (!reply) return answer
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      const states = limits.map((limit, i) => toState(limit, answer.results[i]!))
      reply.headers(limitHeaders(headerStyle, enforced(limits, states), Date.now()))
      if (!answer.allowed && answer.retryAfterMs !== undefined) {
        reply.header('retry-after', retryAfterSeconds(answer.retryAfterMs))
      }
      return answer
    },

    left(reply, limit, { override, remaining, resetUs }) {
      const { policy } = limit
      const left = {
        limit: override || policy.limit,
        remaining,
        resetAfterMs: Math.ceil(resetUs / 1_000),
      }
      const unit = policy.algorithm === 'concurrency' ? ('concurrent-requests' as const) : undefined
      const states = policy.shadow ? [] : [{ ...toState(limit, left), unit }]
      reply.headers(limitHeaders(headerStyle, states, Date.now()))
      return left
    },
  }
}

type LeftOf = Pick<LimitState, 'limit' | 'remaining' | 'resetAfterMs'>

function toState({ name, key, policy }: Limit, left: LeftOf): LimitState {
  const { limit, remaining, resetAfterMs } = left
  // The burst of an override is known to Redis alone: what is left says that it is larger.
  const most = Math.max(capacityOf(policy, limit), remaining)
  return { name, key, limit, most, windowMs: windowOf(policy), remaining, resetAfterMs }
}
