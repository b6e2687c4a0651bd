import type { FastifyReply } from 'fastify'
import type { Problem } from '../../http/problem.js'
import {
  IdempotencyHeaders,
  idempotencyConflict,
  requestIdentity,
} from '../../http/request-fingerprint.js'
import { retryAfterSeconds } from '../../http/retry-after.js'
import { KeyQuery } from '../checks/schemas.js'
import type { Limit } from '../limit.js'
import { PolicyParams } from '../policies/schemas.js'
import { concurrencyLimited, problem, responses, withDenials } from '../problems.js'
import { requestedLimit, requireLeases, storedLimit, subjectIn } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import * as schemas from './schemas.js'
import type { LeaseReply } from './scripts.js'

export const leaseRoutes: RateLimitRoutes = async (app, services) => {
  const { leases, policies, metrics, answers, idempotencyTtlMs } = services

  function toUsage(reply: FastifyReply, limit: Limit, lease: LeaseReply) {
    const { kind, resetUs, retryUs } = lease
    const remaining = Math.max(0, lease.limit - lease.used)
    const usage = answers.toUsage(reply, limit, { override: lease.limit, remaining, resetUs })
    if (kind === 'replayed') reply.header('idempotent-replayed', 'true')
    if (kind === 'denied' && retryUs >= 0) {
      reply.header('retry-after', retryAfterSeconds(retryUs / 1_000))
    }
    return { limit: usage.limit, remaining }
  }

  app.post(
    '/:policy/leases/acquire',
    {
      config: { scope: 'ratelimits:write', names: subjectIn, queryFields: ['key'] },
      schema: {
        operationId: 'acquireConcurrencyLease',
        summary: 'Acquire a lease of a concurrency policy',
        description:
          'A lease takes its weight of the limit until it is released, or `leaseMs` of the policy after ' +
          'it was granted or last renewed. A denial is a normal answer: 200 with `allowed: false`, or ' +
          '429 with `onDeny=reject`; there is no queue. With an Idempotency-Key a repeat gets the same ' +
          'lease, or 410 `lease-expired` after its end.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: schemas.LeaseQuery,
        headers: IdempotencyHeaders,
        body: schemas.AcquireRequest,
        response: withDenials(
          responses(
            schemas.AcquireResponse,
            'policy-not-found',
            'lease-expired',
            'idempotency-conflict',
            'concurrency-limited',
          ),
        ),
      },
    },
    async (request, reply) => {
      const { key, weight } = request.body
      const { namespace } = request
      const limit = requireLeases(await requestedLimit(policies, request))
      const identity = requestIdentity(request, idempotencyTtlMs)
      const lease = await leases.acquire(namespace, limit, weight, identity)
      if (lease.kind === 'conflict') throw idempotencyConflict()
      if (lease.kind === 'over') throw leaseOver()
      const allowed = lease.kind !== 'denied'
      const granted = allowed ? weight : 0
      const remaining = Math.max(0, lease.limit - lease.used)
      const counted = { allowed, granted, limit: lease.limit, remaining }
      metrics.recordDecision(namespace, [{ ...limit, cost: weight }], [counted])
      const answer = {
        policy: limit.name,
        key,
        allowed,
        ...(allowed && { token: lease.lease, expiresInMs: lease.expiresInMs }),
        ...toUsage(reply, limit, lease),
        ...(!allowed && lease.retryUs >= 0 && { retryAfterMs: Math.ceil(lease.retryUs / 1_000) }),
        unsatisfiable: lease.retryUs < 0,
        ...(lease.blocked && { blocked: true }),
      }
      if (allowed || request.query.onDeny === 'report') return answer
      throw concurrencyLimited(answer)
    },
  )

  app.get(
    '/:policy/leases',
    {
      config: { scope: 'ratelimits:read', names: subjectIn },
      schema: {
        operationId: 'getConcurrencyUsage',
        summary: 'Read what a subject has in flight',
        description:
          'Answers with the live leases of a subject of a concurrency policy, and what remains of its ' +
          'limit. Changes nothing. A policy that counts calls is 400: peek it.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: schemas.InspectQuery,
        response: responses(schemas.InspectResponse, 'policy-not-found'),
      },
    },
    async (request, reply) => {
      const { namespace, params, query } = request
      const limit = requireLeases(await storedLimit(policies, namespace, params.policy, query.key))
      const inFlight = await leases.inspect(namespace, limit)
      const { used, limit: override, resetUs } = inFlight
      const remaining = Math.max(0, override - used)
      const usage = answers.toUsage(reply, limit, { override, remaining, resetUs })
      const blockExpiresInMs = Math.ceil(inFlight.blockedUs / 1_000)
      return {
        policy: limit.name,
        key: limit.key,
        inFlight: used,
        leases: inFlight.leases,
        ...usage,
        ...(blockExpiresInMs > 0 && { blockExpiresInMs }),
      }
    },
  )

  app.post(
    '/:policy/leases/renew',
    {
      config: {
        scope: 'ratelimits:write',
        served: 'lease',
        names: subjectIn,
        queryFields: ['key'],
      },
      schema: {
        operationId: 'renewConcurrencyLease',
        summary: 'Extend a lease to its full lifetime from now',
        description:
          'Renew well before the end: a lease that has expired or was released is 410 `lease-expired`, ' +
          'and its place may be taken. Works on a full Redis.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: KeyQuery,
        body: schemas.LeaseRequest,
        response: responses(schemas.RenewResponse, 'policy-not-found', 'lease-expired'),
      },
    },
    async (request) => {
      const { key, token } = request.body
      const limit = requireLeases(await requestedLimit(policies, request))
      const expiresInMs = await leases.renew(request.namespace, limit, token)
      if (expiresInMs === undefined) throw leaseOver()
      return { policy: limit.name, key, token, expiresInMs }
    },
  )

  app.post(
    '/:policy/leases/release',
    {
      config: {
        scope: 'ratelimits:write',
        served: 'lease',
        names: subjectIn,
        queryFields: ['key'],
      },
      schema: {
        operationId: 'releaseConcurrencyLease',
        summary: 'End a lease',
        description:
          'Its weight is free at once. A repeat does no harm: `released: false` means that the lease had ' +
          'ended before.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: KeyQuery,
        body: schemas.LeaseRequest,
        response: responses(schemas.ReleaseResponse, 'policy-not-found'),
      },
    },
    async (request) => {
      const { key, token } = request.body
      const limit = requireLeases(await requestedLimit(policies, request))
      const released = await leases.release(request.namespace, limit, token)
      return { policy: limit.name, key, released }
    },
  )
}

const leaseOver = (): Problem =>
  problem('lease-expired', 'The lease has expired, or it was released.')
