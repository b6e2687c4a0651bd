import type { FastifyReply } from 'fastify'
import type { Static } from 'typebox'
import { retryAfterSeconds } from '../../http/retry-after.js'
import { capacityOf, windowOf } from '../algorithms/algorithms.js'
import type { Limit } from '../limit.js'
import { listedAs } from '../lists/lists.js'
import type { RateLimitMetrics } from '../metrics.js'
import { type HeaderStyle, type LimitState, limitHeaders } from './headers.js'
import type { CheckResponse } from './schemas.js'
import type { LimitReply, Usage } from './scripts.js'
import type { CheckOutcome, LimitRequest } from './store.js'

export type Answers = ReturnType<typeof createAnswers>

/** How limits are answered: metrics, headers, body. */
export function createAnswers(metrics: RateLimitMetrics, headerStyle: HeaderStyle) {
  return {
    /** @param isCounted false for a peek, which decides nothing */
    toAnswer(
      reply: FastifyReply | undefined,
      namespace: string,
      limits: readonly LimitRequest[],
      outcome: Decided,
      isCounted: boolean,
    ): Answer {
      const answer = toBody(limits, outcome)
      if (isCounted) metrics.recordDecision(namespace, limits, answer.results)
      if (!reply) return answer
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      const states: LimitState[] = []
      for (let i = 0; i < limits.length; i++) {
        const limit = limits[i]!
        if (!limit.policy.shadow) states.push(toState(limit, answer.results[i]!))
      }
      reply.headers(limitHeaders(headerStyle, states, Date.now()))
      if (!answer.allowed && answer.retryAfterMs !== undefined) {
        reply.header('retry-after', retryAfterSeconds(answer.retryAfterMs))
      }
      return answer
    },

    /** Headers and fields about one limit, after an operation that is not a check. */
    toUsage(reply: FastifyReply, limit: Limit, { override, remaining, resetUs }: Usage) {
      const { policy } = limit
      const usage = { limit: override || policy.limit, remaining, resetAfterMs: ms(resetUs) }
      const unit = policy.algorithm === 'concurrency' ? ('concurrent-requests' as const) : undefined
      const states = policy.shadow ? [] : [Object.assign(toState(limit, usage), { unit })]
      reply.headers(limitHeaders(headerStyle, states, Date.now()))
      return usage
    },
  }
}

function toState(
  { name, key, policy }: Limit,
  { limit, remaining, resetAfterMs }: Pick<LimitState, 'limit' | 'remaining' | 'resetAfterMs'>,
): LimitState {
  // Only Redis knows the burst of an override; a larger remaining shows it.
  const capacity = Math.max(capacityOf(policy, limit), remaining)
  return { name, key, limit, capacity, windowMs: windowOf(policy), remaining, resetAfterMs }
}

const ms = (us: number): number => Math.ceil(us / 1_000)

type Decided = Extract<CheckOutcome, { kind: 'decided' }>

export type Answer = Static<typeof CheckResponse>
type LimitAnswer = Answer['results'][number]

/** The body: each limit, and the tightest of them. Times are rounded up. */
function toBody(limits: readonly LimitRequest[], { allowed, results }: Decided): Answer {
  const answers = limits.map((limit, i) => toLimitAnswer(limit, results[i]!))
  // Shadow limits affect neither the verdict nor what remains, unless all limits are shadows.
  const voters = answers.filter(({ shadow }) => !shadow)
  const shown = voters.length > 0 ? voters : answers
  const answer: Answer = {
    allowed,
    remaining: Math.min(...shown.map(({ remaining }) => remaining)),
    results: answers,
  }
  if (voters.every(({ retryAfterMs }) => retryAfterMs !== undefined)) {
    answer.retryAfterMs = voters.reduce((longest, one) => Math.max(longest, one.retryAfterMs!), 0)
  }
  return answer
}

function toLimitAnswer(limit: LimitRequest, result: LimitReply): LimitAnswer {
  const { name, key, policy } = limit
  const answer: LimitAnswer = {
    policy: name,
    key,
    allowed: result.allowed,
    limit: result.override || policy.limit,
    remaining: result.remaining,
    resetAfterMs: ms(result.resetUs),
    delayMs: ms(result.delayUs),
    granted: result.granted,
    unsatisfiable: result.retryUs < 0,
    takenAt: new Date(result.takenAtUs / 1_000).toISOString(),
  }
  if (result.retryUs >= 0) answer.retryAfterMs = ms(result.retryUs)
  const listed = listedAs(limit)
  if (listed) answer.listed = listed
  if (result.blocked) answer.blocked = true
  if (policy.shadow) answer.shadow = true
  if (result.degraded) answer.degraded = result.degraded
  return answer
}
