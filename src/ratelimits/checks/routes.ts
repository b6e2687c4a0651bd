import type { FastifyReply, FastifyRequest } from 'fastify'
import { PolicyParams } from '../policies/schemas.js'
import { rateLimited, responses } from '../problems.js'
import { identityOf, RetryHeaders } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import { type LimitInput, requireEqualCosts } from './decide.js'
import * as schemas from './schemas.js'
import type { CheckOptions } from './store.js'

const CHECK_RESPONSES = responses(
  schemas.CheckResponse,
  'policy-not-found',
  'rate-limited',
  'idempotency-conflict',
  'cross-slot',
)

export const checkRoutes: RateLimitRoutes = async (app, { decide }) => {
  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    inputs: readonly LimitInput[],
    options: CheckOptions,
    onDeny: string,
  ) {
    const decided = await decide(reply, request.namespace, inputs, options)
    if (!decided.allowed && onDeny === '429') throw rateLimited(decided)
    return decided
  }

  app.post(
    '/check',
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'checkRateLimits',
        summary: 'Check several limits at once, and consume from all of them or from none',
        tags: ['ratelimits'],
        querystring: schemas.CheckQuery,
        headers: RetryHeaders,
        body: schemas.CheckRequest,
        response: CHECK_RESPONSES,
      },
    },
    (request, reply) => {
      const { limits, mode, take, peek } = request.body
      if (mode === 'all' && take === 'up-to') requireEqualCosts(limits)
      const idempotency = peek ? undefined : identityOf(request)
      const options = { mode, take, peek, idempotency }
      return answer(request, reply, limits, options, request.query.onDeny)
    },
  )

  app.post(
    '/:policy/check',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key', 'cost'] },
      schema: {
        operationId: 'checkRateLimit',
        summary: 'Check one limit',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: schemas.OneQuery,
        headers: RetryHeaders,
        body: schemas.OneRequest,
        response: CHECK_RESPONSES,
      },
    },
    (request, reply) => {
      const { key, cost } = request.body
      const limits = [{ policy: request.params.policy, key, cost }]
      const idempotency = identityOf(request)
      const options = { mode: 'all', take: 'exact', peek: false, idempotency } as const
      return answer(request, reply, limits, options, request.query.onDeny)
    },
  )

  app.post(
    '/:policy/peek',
    {
      config: { scope: 'ratelimits:read', queryFields: ['key'] },
      schema: {
        operationId: 'peekRateLimit',
        summary: 'How one limit would decide about a cost of 1; consumes nothing',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: schemas.KeyQuery,
        body: schemas.KeyRequest,
        response: responses(schemas.CheckResponse, 'policy-not-found'),
      },
    },
    (request, reply) => {
      const limits = [{ policy: request.params.policy, key: request.body.key, cost: 1 }]
      const options = { mode: 'all', take: 'exact', peek: true } as const
      return decide(reply, request.namespace, limits, options)
    },
  )
}
