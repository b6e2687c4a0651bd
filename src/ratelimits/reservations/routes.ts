import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  IdempotencyHeaders,
  idempotencyConflict,
  requestIdentity,
} from '../../http/request-fingerprint.js'
import { PolicyParams } from '../policies/schemas.js'
import { problem, rateLimited, responses, withDenials } from '../problems.js'
import { requestedLimit, requireCalls, storedLimit, subjectIn } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import * as schemas from './schemas.js'

const PROBLEMS = ['policy-not-found', 'idempotency-conflict'] as const
const SETTLED = responses(schemas.SettleResponse, ...PROBLEMS, 'reservation-expired')

export const reservationRoutes: RateLimitRoutes = async (app, services) => {
  const { reservations, policies, answers, idempotencyTtlMs } = services

  app.post(
    '/:policy/reserve',
    {
      config: {
        scope: 'ratelimits:write',
        names: subjectIn,
        queryFields: ['key', 'cost', 'ttlMs'],
      },
      schema: {
        operationId: 'reserveRateLimit',
        summary: 'Consume an estimated cost, to be settled later',
        description:
          'Consumes the cost now and answers with a `token`, to replace it by the actual cost (`commit`) ' +
          'or to give it back (`cancel`), once. A reservation that is not settled within `ttlMs` stays ' +
          'consumed. A denial is a normal answer: 200 with `allowed: false`, or 429 with ' +
          '`onDeny=reject`.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: schemas.ReserveQuery,
        headers: IdempotencyHeaders,
        body: schemas.ReserveRequest,
        response: withDenials(responses(schemas.ReserveResponse, ...PROBLEMS, 'rate-limited')),
      },
    },
    async (request, reply) => {
      const { cost, ttlMs } = request.body
      const { namespace } = request
      const limit = requireCalls(await requestedLimit(policies, request))
      const idempotency = requestIdentity(request, idempotencyTtlMs)
      const outcome = await reservations.reserve(namespace, limit, { cost, ttlMs, idempotency })
      if (outcome.kind === 'conflict') throw idempotencyConflict()

      const isReserved = outcome.kind !== 'denied'
      const decided = {
        kind: 'decided' as const,
        allowed: isReserved,
        replayed: outcome.kind === 'replayed',
        results: [outcome.limit],
      }
      const answer = answers.toAnswer(reply, namespace, [{ ...limit, cost }], decided, true)
      if (isReserved) {
        return { ...answer, token: outcome.id, expiresInMs: outcome.expiresInMs }
      }
      if (request.query.onDeny === 'reject') throw rateLimited(answer)
      return answer
    },
  )

  async function settle(
    request: FastifyRequest,
    reply: FastifyReply,
    policy: string,
    { key, token: id, actual }: { key: string; token: string; actual: number },
  ) {
    const { namespace } = request
    const limit = requireCalls(await storedLimit(policies, namespace, policy, key))
    const idempotency = requestIdentity(request, idempotencyTtlMs)
    const outcome = await reservations.settle(namespace, limit, { id, actual, idempotency })
    switch (outcome.kind) {
      case 'conflict':
        throw idempotencyConflict()
      case 'expired':
        throw problem('reservation-expired', 'It was settled before, or it has expired.')
      case 'replayed':
        reply.header('idempotent-replayed', 'true')
    }
    const { reserved, refunded } = outcome
    return { policy, key, reserved, actual, refunded, ...answers.toUsage(reply, limit, outcome) }
  }

  app.post(
    '/:policy/commit',
    {
      config: { scope: 'ratelimits:write', served: 'lease', names: subjectIn },
      schema: {
        operationId: 'commitRateLimitReservation',
        summary: 'Replace a reserved cost by the actual one',
        description:
          'Gives back what was reserved too much, as far as it still counts, or consumes what is ' +
          'missing, even above the limit: the subject is then denied until that is paid. A reservation ' +
          'is settled once; afterwards, or after its `ttlMs`, this is 410 `reservation-expired`.',
        tags: ['ratelimits'],
        params: PolicyParams,
        headers: IdempotencyHeaders,
        body: schemas.CommitRequest,
        response: SETTLED,
      },
    },
    (request, reply) => settle(request, reply, request.params.policy, request.body),
  )

  app.post(
    '/:policy/cancel',
    {
      config: { scope: 'ratelimits:write', served: 'lease', names: subjectIn },
      schema: {
        operationId: 'cancelRateLimitReservation',
        summary: 'Give back what a reservation consumed',
        description:
          'The same as a commit of 0. A reservation is settled once; afterwards, or after its `ttlMs`, ' +
          'this is 410 `reservation-expired`.',
        tags: ['ratelimits'],
        params: PolicyParams,
        headers: IdempotencyHeaders,
        body: schemas.CancelRequest,
        response: SETTLED,
      },
    },
    (request, reply) =>
      settle(request, reply, request.params.policy, { ...request.body, actual: 0 }),
  )
}
