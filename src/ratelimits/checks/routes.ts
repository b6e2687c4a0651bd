import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { COMMON_PROBLEMS, Problem, problemResponses } from '../../http/problem.js'
import { IdempotencyHeaders, requestIdentity } from '../../http/request-fingerprint.js'
import type { RateLimitMetrics } from '../metrics.js'
import type { PolicyStore } from '../policies/store.js'
import { idempotencyConflict } from '../problems.js'
import { type HeaderStyle, limitHeaders } from './headers.js'
import { type LimitInput, requireEqualCosts, toLimits } from './limits.js'
import { enforced, toAnswer } from './results.js'
import * as schemas from './schemas.js'
import type { CheckOptions, CheckStore } from './store.js'

export interface CheckRouteOptions {
  readonly store: CheckStore
  readonly policies: PolicyStore
  readonly metrics: RateLimitMetrics
  readonly headerStyle: HeaderStyle
}

/** Shorter than elsewhere: a limit that a late repeat finds is another window's. */
export const MEMO_TTL_MS = 60_000

const PROBLEMS = [
  ...COMMON_PROBLEMS,
  'not-found',
  'rate-limited',
  'idempotency-conflict',
  'cross-slot',
] as const

export const checkRoutes: FastifyPluginAsyncTypebox<CheckRouteOptions> = async (
  app,
  { store, policies, metrics, headerStyle },
) => {
  async function decide(
    request: FastifyRequest,
    reply: FastifyReply,
    inputs: readonly LimitInput[],
    options: Omit<CheckOptions, 'idempotency'> & { readonly onDeny: string },
  ) {
    const { namespace } = request
    const limits = await toLimits(inputs, (name) => policies.get(namespace, name), options.peek)
    const outcome = await store.check(namespace, limits, {
      ...options,
      idempotency: options.peek ? undefined : requestIdentity(request, MEMO_TTL_MS),
    })
    if (outcome.kind === 'conflict') {
      throw idempotencyConflict()
    }
    if (outcome.kind === 'closed') {
      if (!options.peek) metrics.failedClosed(limits)
      throw outcome.error
    }
    if (outcome.kind === 'cross-slot') {
      throw new Problem(
        'cross-slot',
        'Limits of several subjects cannot be checked all or nothing.',
      )
    }
    const answer = toAnswer(limits, outcome)
    if (!options.peek) metrics.decided(limits, answer.results)
    if (outcome.replayed) reply.header('idempotent-replayed', 'true')
    const states = limits.map(({ name, policy: { windowMs = 0 } }, i) => {
      const { limit, remaining, resetAfterMs } = answer.results[i]!
      return { name, limit, windowMs, remaining, resetAfterMs }
    })
    reply.headers(limitHeaders(headerStyle, enforced(limits, states)))
    if (answer.allowed) return answer

    const { retryAfterMs, ...extensions } = answer
    if (options.onDeny === '429') {
      throw new Problem('rate-limited', 'A limit has no room for this.', {
        extensions,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      })
    }
    if (retryAfterMs !== undefined) {
      reply.header('retry-after', Math.max(1, Math.ceil(retryAfterMs / 1_000)))
    }
    return answer
  }

  app.post(
    '/check',
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'checkRateLimits',
        summary: 'Ask several limits at once, and consume from all of them or from none',
        tags: ['ratelimits'],
        querystring: schemas.CheckQuery,
        headers: IdempotencyHeaders,
        body: schemas.CheckRequest,
        response: { 200: schemas.CheckResponse, ...problemResponses(...PROBLEMS) },
      },
    },
    (request, reply) => {
      const { limits, mode, take, peek } = request.body
      if (mode === 'all' && take === 'up-to') requireEqualCosts(limits)
      return decide(request, reply, limits, { mode, take, peek, onDeny: request.query.onDeny })
    },
  )

  app.post(
    '/:policy/check',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key', 'cost'] },
      schema: {
        operationId: 'checkRateLimit',
        summary: 'Ask one limit',
        tags: ['ratelimits'],
        params: schemas.OnePolicyParams,
        querystring: schemas.OneQuery,
        headers: IdempotencyHeaders,
        body: schemas.OneRequest,
        response: { 200: schemas.CheckResponse, ...problemResponses(...PROBLEMS) },
      },
    },
    (request, reply) => {
      const { key, cost } = request.body
      const limits = [{ policy: request.params.policy, key, cost }]
      return decide(request, reply, limits, {
        mode: 'all',
        take: 'exact',
        peek: false,
        onDeny: request.query.onDeny,
      })
    },
  )

  app.post(
    '/:policy/peek',
    {
      config: { scope: 'ratelimits:read', queryFields: ['key'] },
      schema: {
        operationId: 'peekRateLimit',
        summary: 'What one limit would say to a cost of 1; consumes nothing',
        tags: ['ratelimits'],
        params: schemas.OnePolicyParams,
        querystring: schemas.KeyQuery,
        body: schemas.PeekRequest,
        response: {
          200: schemas.CheckResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    (request, reply) => {
      const limits = [{ policy: request.params.policy, key: request.body.key, cost: 1 }]
      return decide(request, reply, limits, {
        mode: 'all',
        take: 'exact',
        peek: true,
        onDeny: '200',
      })
    },
  )
}
