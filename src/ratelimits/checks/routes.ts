import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { IdempotencyHeaders, requestIdentity } from '../../http/request-fingerprint.js'
import { PolicyParams } from '../policies/schemas.js'
import { rateLimited, responses, withDenials } from '../problems.js'
import { subjectIn } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import { type LimitInput, requireEqualCosts } from './decide.js'
import * as schemas from './schemas.js'
import type { CheckOptions } from './store.js'

const CHECK_RESPONSES = withDenials(
  responses(
    schemas.CheckResponse,
    'policy-not-found',
    'rate-limited',
    'idempotency-conflict',
    'cross-slot',
  ),
)

export const checkRoutes: RateLimitRoutes = async (app, { decide, idempotencyTtlMs }) => {
  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    inputs: readonly LimitInput[],
    options: CheckOptions,
    { onDeny }: Static<typeof schemas.CheckQuery>,
  ) {
    const decided = await decide(reply, request.namespace, inputs, options)
    if (!decided.allowed && onDeny === 'reject') throw rateLimited(decided)
    return decided
  }

  app.post(
    '/check',
    {
      config: { scope: 'ratelimits:write', served: 'without-redis', names: subjectsIn },
      schema: {
        operationId: 'checkRateLimits',
        summary: 'Check several limits at once, all or nothing',
        description:
          'Consumes the cost of all limits if each has room, otherwise nothing; with `mode: each` every ' +
          'limit is decided alone. A denial is a normal answer: 200 with `allowed: false`, or 429 with ' +
          '`onDeny=reject`. With an Idempotency-Key a repeat consumes nothing. Redis Cluster checks ' +
          'limits of one subject or one group together; others are 422 `cross-slot`.',
        tags: ['ratelimits'],
        querystring: schemas.CheckQuery,
        headers: IdempotencyHeaders,
        body: schemas.CheckRequest,
        response: CHECK_RESPONSES,
      },
    },
    (request, reply) => {
      const { limits, mode, take, peek } = request.body
      if (mode === 'all' && take === 'up-to') requireEqualCosts(limits)
      const idempotency = peek ? undefined : requestIdentity(request, idempotencyTtlMs)
      const options = { mode, take, peek, idempotency }
      return answer(request, reply, limits, options, request.query)
    },
  )

  app.post(
    '/:policy/check',
    {
      config: {
        scope: 'ratelimits:write',
        served: 'without-redis',
        names: subjectIn,
        queryFields: ['key', 'cost'],
      },
      schema: {
        operationId: 'checkRateLimit',
        summary: 'Check one limit',
        description:
          'Consumes the cost if the policy has room for it, otherwise nothing. A denial is a normal ' +
          'answer: 200 with `allowed: false`, or 429 with `onDeny=reject`. With an Idempotency-Key a ' +
          'repeat consumes nothing and gets the same decision.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: schemas.OneQuery,
        headers: IdempotencyHeaders,
        body: schemas.OneRequest,
        response: CHECK_RESPONSES,
      },
    },
    (request, reply) => {
      const { key, cost } = request.body
      const limits = [{ policy: request.params.policy, key, cost }]
      const idempotency = requestIdentity(request, idempotencyTtlMs)
      const options = { mode: 'all', take: 'exact', peek: false, idempotency } as const
      return answer(request, reply, limits, options, request.query)
    },
  )

  app.post(
    '/:policy/peek',
    {
      config: { scope: 'ratelimits:read', names: subjectIn, queryFields: ['key'] },
      schema: {
        operationId: 'peekRateLimit',
        summary: 'Ask how one limit would decide now',
        description:
          'Answers like a check of a cost of 1 and consumes nothing, so `granted` is 0. Counts in no ' +
          'metric of decisions.',
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

const subjectsIn = ({ body }: FastifyRequest) =>
  (body as Static<typeof schemas.CheckRequest>).limits.map(({ policy, name = '', key }) => ({
    name: policy ?? name,
    key,
  }))
