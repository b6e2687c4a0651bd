import type { FastifyReply } from 'fastify'
import type { Problem } from '../../http/problem.js'
import { idempotencyConflict } from '../../http/request-fingerprint.js'
import { retryAfterSeconds } from '../../http/retry-after.js'
import { KeyQuery } from '../checks/schemas.js'
import type { Limit } from '../limit.js'
import { PolicyParams } from '../policies/schemas.js'
import { problem, rateLimited, responses } from '../problems.js'
import { identityOf, RetryHeaders, requestedLimit, requireLeases, storedLimit } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import * as schemas from './schemas.js'
import type { LeaseReply } from './scripts.js'

export const leaseRoutes: RateLimitRoutes = async (app, services) => {
  const { leases, policies, metrics, answers } = services

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
    '/:policy/leases',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key'] },
      schema: {
        operationId: 'acquireRateLimitLease',
        summary: 'Acquire a lease of a concurrency policy for a call in flight',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: schemas.LeaseQuery,
        headers: RetryHeaders,
        body: schemas.LeaseRequest,
        response: responses(
          schemas.LeaseResponse,
          'policy-not-found',
          'lease-expired',
          'idempotency-conflict',
          'rate-limited',
        ),
      },
    },
    async (request, reply) => {
      const { key, weight } = request.body
      const { namespace } = request
      const limit = requireLeases(await requestedLimit(policies, request))
      const identity = identityOf(request)
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
        ...(allowed && { leaseId: lease.lease, expiresInMs: lease.expiresInMs }),
        ...toUsage(reply, limit, lease),
        ...(!allowed && lease.retryUs >= 0 && { retryAfterMs: Math.ceil(lease.retryUs / 1_000) }),
        unsatisfiable: lease.retryUs < 0,
        ...(lease.blocked && { blocked: true }),
      }
      if (allowed || request.query.onDeny !== '429') return answer
      throw rateLimited(answer, 'The limit has no room for this lease.')
    },
  )

  app.get(
    '/:policy/leases',
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'getRateLimitLeases',
        summary: 'What a subject of a concurrency policy has in flight',
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
      config: { scope: 'ratelimits:write', queryFields: ['key'] },
      schema: {
        operationId: 'renewRateLimitLease',
        summary: 'Extend a lease to its full lifetime from now',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: KeyQuery,
        body: schemas.OneLeaseRequest,
        response: responses(schemas.RenewResponse, 'policy-not-found', 'lease-expired'),
      },
    },
    async (request) => {
      const { key, leaseId } = request.body
      const limit = requireLeases(await requestedLimit(policies, request))
      const expiresInMs = await leases.renew(request.namespace, limit, leaseId)
      if (expiresInMs === undefined) throw leaseOver()
      return { policy: limit.name, key, leaseId, expiresInMs }
    },
  )

  app.post(
    '/:policy/leases/release',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key'] },
      schema: {
        operationId: 'releaseRateLimitLease',
        summary: 'End a lease',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: KeyQuery,
        body: schemas.OneLeaseRequest,
        response: responses(schemas.ReleaseResponse, 'policy-not-found'),
      },
    },
    async (request) => {
      const { key, leaseId } = request.body
      const limit = requireLeases(await requestedLimit(policies, request))
      const released = await leases.release(request.namespace, limit, leaseId)
      return { policy: limit.name, key, released }
    },
  )
}

const leaseOver = (): Problem =>
  problem('lease-expired', 'The lease has expired, or it was released.')
