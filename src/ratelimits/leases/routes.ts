import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { COMMON_PROBLEMS, type Problem } from '../../http/problem.js'
import { idempotencyConflict } from '../../http/request-fingerprint.js'
import { retryAfterSeconds } from '../../http/retry-after.js'
import type { Answers } from '../checks/answer.js'
import { KeyQuery, OnePolicyParams } from '../checks/schemas.js'
import type { Limit } from '../limit.js'
import type { RateLimitMetrics } from '../metrics.js'
import type { PolicyStore } from '../policies/store.js'
import { problem, problemResponses } from '../problems.js'
import { identityOf, RetryHeaders, requestedLimit, requireLeases, storedLimit } from '../request.js'
import * as schemas from './schemas.js'
import type { LeaseReply } from './scripts.js'
import type { LeaseStore } from './store.js'

export interface LeaseRouteOptions {
  readonly store: LeaseStore
  readonly policies: PolicyStore
  readonly metrics: RateLimitMetrics
  readonly answers: Answers
}

export const leaseRoutes: FastifyPluginAsyncTypebox<LeaseRouteOptions> = async (
  app,
  { store, policies, metrics, answers },
) => {
  function answerLeft(reply: FastifyReply, limit: Limit, lease: LeaseReply) {
    const { kind, resetUs, retryUs } = lease
    const remaining = Math.max(0, lease.limit - lease.used)
    const left = answers.toUsage(reply, limit, { override: lease.limit, remaining, resetUs })
    if (kind === 'replayed') reply.header('idempotent-replayed', 'true')
    if (kind === 'denied' && retryUs >= 0) {
      reply.header('retry-after', retryAfterSeconds(retryUs / 1_000))
    }
    return { limit: left.limit, remaining }
  }

  app.post(
    '/:policy/leases',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key'] },
      schema: {
        operationId: 'acquireRateLimitLease',
        summary: 'Take a lease of a concurrency policy: a call that is in flight',
        tags: ['ratelimits'],
        params: OnePolicyParams,
        querystring: schemas.LeaseQuery,
        headers: RetryHeaders,
        body: schemas.LeaseRequest,
        response: {
          200: schemas.LeaseResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'not-found',
            'lease-expired',
            'idempotency-conflict',
            'rate-limited',
          ),
        },
      },
    },
    async (request, reply) => {
      const { key, weight } = request.body
      const { namespace } = request
      const limit = requireLeases(await requestedLimit(policies, request))
      const identity = identityOf(request)
      const lease = await store.acquire(namespace, limit, weight, identity)
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
        ...answerLeft(reply, limit, lease),
        ...(!allowed && lease.retryUs >= 0 && { retryAfterMs: Math.ceil(lease.retryUs / 1_000) }),
        unsatisfiable: lease.retryUs < 0,
        ...(lease.blocked && { blocked: true }),
      }
      if (allowed || request.query.onDeny !== '429') return answer
      const { retryAfterMs, ...extensions } = answer
      throw problem('rate-limited', 'There is no room for this lease.', {
        extensions,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      })
    },
  )

  app.get(
    '/:policy/leases',
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'getRateLimitLeases',
        summary: 'What is in flight of a subject of a concurrency policy',
        tags: ['ratelimits'],
        params: OnePolicyParams,
        querystring: schemas.LookQuery,
        response: {
          200: schemas.LookResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params, query } = request
      const limit = requireLeases(await storedLimit(policies, namespace, params.policy, query.key))
      const { used, leases, limit: most, resetUs, blockedUs } = await store.look(namespace, limit)
      const remaining = Math.max(0, most - used)
      const left = answers.toUsage(reply, limit, { override: most, remaining, resetUs })
      const blockedForMs = Math.ceil(blockedUs / 1_000)
      return {
        policy: limit.name,
        key: limit.key,
        inFlight: used,
        leases,
        ...left,
        ...(blockedForMs > 0 && { blockedForMs }),
      }
    },
  )

  app.post(
    '/:policy/leases/renew',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key'] },
      schema: {
        operationId: 'renewRateLimitLease',
        summary: 'Let a lease live its time from now',
        tags: ['ratelimits'],
        params: OnePolicyParams,
        querystring: KeyQuery,
        body: schemas.OneLeaseRequest,
        response: {
          200: schemas.RenewResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found', 'lease-expired'),
        },
      },
    },
    async (request) => {
      const { key, leaseId } = request.body
      const limit = requireLeases(await requestedLimit(policies, request))
      const expiresInMs = await store.renew(request.namespace, limit, leaseId)
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
        params: OnePolicyParams,
        querystring: KeyQuery,
        body: schemas.OneLeaseRequest,
        response: {
          200: schemas.ReleaseResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const { key, leaseId } = request.body
      const limit = requireLeases(await requestedLimit(policies, request))
      const released = await store.release(request.namespace, limit, leaseId)
      return { policy: limit.name, key, released }
    },
  )
}

const leaseOver = (): Problem =>
  problem('lease-expired', 'There is no such lease: its time passed, or it was released.')
