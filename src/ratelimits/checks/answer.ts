import type { FastifyReply } from 'fastify'
import type { Static } from 'typebox'
import { retryAfterSeconds } from '../../http/retry-after.js'
import { capacityOf, windowOf } from '../algorithms/algorithms.js'
import type { Limit } from '../limit.js'
import { listedAs } from '../lists/lists.js'
import type { RateLimitMetrics } from '../metrics.js'
import { type HeaderStyle, type LimitState, limitHeaders } from './headers.js'
import type { CheckResponse } from './schemas.js'
import type { LimitReply } from './scripts.js'
import type { CheckOutcome, LimitRequest } from './store.js'

export interface AnswersOptions {
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

/** How limits are answered: what is counted, the headers, the body. */
export interface Answers {
  /** @param isCounted false for a peek, which decides nothing */
  toAnswer(
    reply: FastifyReply | undefined,
    namespace: string,
    limits: readonly LimitRequest[],
    outcome: Decided,
    isCounted: boolean,
  ): Answer
  /** What is left of one limit after something else than a check. */
  toUsage(
    reply: FastifyReply,
    limit: Limit,
    left: Left,
  ): { readonly limit: number; readonly remaining: number; readonly resetAfterMs: number }
}

export function createAnswers({ metrics, headerStyle }: AnswersOptions): Answers {
  return {
    toAnswer(reply, namespace, limits, outcome, isCounted) {
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

    toUsage(reply, limit, { override, remaining, resetUs }) {
      const { policy } = limit
      const left = {
        limit: override || policy.limit,
        remaining,
        resetAfterMs: Math.ceil(resetUs / 1_000),
      }
      const unit = policy.algorithm === 'concurrency' ? ('concurrent-requests' as const) : undefined
      const states = policy.shadow ? [] : [Object.assign(toState(limit, left), { unit })]
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

const ms = (us: number): number => Math.ceil(us / 1_000)

export type Decided = Extract<CheckOutcome, { kind: 'decided' }>

export type Answer = Static<typeof CheckResponse>
type LimitAnswer = Answer['results'][number]

/** The answer to a check: each limit, and over them the tightest. Times are rounded up. */
function toBody(limits: readonly LimitRequest[], { allowed, results }: Decided): Answer {
  const answers = limits.map((limit, i) => toLimitAnswer(limit, results[i]!))
  // Limits in shadow have no say, unless they are alone.
  const voters = answers.filter(({ shadow }) => !shadow)
  const told = voters.length > 0 ? voters : answers
  const answer: Answer = {
    allowed,
    remaining: told.reduce(
      (least, { remaining }) => Math.min(least, remaining),
      Number.POSITIVE_INFINITY,
    ),
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
    takenAtMs: Math.floor(result.takenAtUs / 1_000),
  }
  if (result.retryUs >= 0) answer.retryAfterMs = ms(result.retryUs)
  const listed = listedAs(limit)
  if (listed) answer.listed = listed
  if (result.blocked) answer.blocked = true
  if (policy.shadow) answer.shadow = true
  if (result.degraded) answer.degraded = result.degraded
  return answer
}
