import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { problemResponses } from '../problems.js'
import { type LockRouteOptions, lost, takeGranted, toRenewed } from './answer.js'
import { checkTerms, toOptions } from './request.js'
import * as schemas from './schemas.js'

export const lockRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  { store, metrics, idempotencyTtlMs },
) => {
  app.post(
    '/:name/acquire',
    {
      config: { scope: 'locks:write', queryFields: ['ttlMs', 'waitMs'] },
      schema: {
        operationId: 'acquireLock',
        summary: 'Take a lease on a lock, at once or in turn, or learn when to try again',
        tags: ['locks'],
        params: schemas.LockParams,
        querystring: schemas.WaitQuery,
        headers: IdempotencyHeaders,
        body: schemas.AcquireRequest,
        response: {
          200: schemas.AcquireResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'lock-held',
            'wait-timeout',
            'lock-cooling',
            'mode-mismatch',
            'lease-expired',
            'lease-released',
            'lease-revoked',
            'session-ended',
            'idempotency-conflict',
            'cross-slot',
            'queue-full',
            'too-many-leases',
          ),
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const { body } = request
      checkTerms(body)
      const outcome = await store.acquire(
        request.namespace,
        [name],
        toOptions(request, body, idempotencyTtlMs),
      )
      const { fences, token, mode, expiresInMs, waitedMs, holdCount } = takeGranted(
        name,
        outcome,
        metrics,
        reply,
      )
      return { name, token, fence: fences[0] as number, mode, expiresInMs, waitedMs, holdCount }
    },
  )

  app.post(
    '/:name/renew',
    {
      config: { scope: 'locks:write', queryFields: ['ttlMs'] },
      schema: {
        operationId: 'renewLock',
        summary: 'Move the end of a lease away; it is never shortened',
        tags: ['locks'],
        params: schemas.LockParams,
        querystring: schemas.TtlQuery,
        body: schemas.RenewRequest,
        response: {
          200: schemas.RenewResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'not-owner',
            'lease-expired',
            'lease-released',
            'lease-revoked',
          ),
        },
      },
    },
    async (request) => {
      const { name } = request.params
      const { token, ttlMs } = request.body
      const outcome = await store.renew(request.namespace, [name], token, ttlMs ?? 0)
      if (outcome.kind !== 'renewed') throw lost(name, outcome, metrics)
      return toRenewed(outcome)
    },
  )

  app.post(
    '/:name/release',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'releaseLock',
        summary: 'Give a lease back; a repeat is answered, not refused',
        tags: ['locks'],
        params: schemas.LockParams,
        body: schemas.ReleaseRequest,
        response: {
          200: schemas.ReleaseResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-owner', 'lease-expired', 'lease-revoked'),
        },
      },
    },
    async (request) => {
      const { name } = request.params
      const outcome = await store.release(request.namespace, [name], request.body.token)
      if (outcome.kind === 'released') {
        metrics.ended('released')
        metrics.held(outcome.heldMs / 1_000)
        return { released: true, fence: outcome.fences[0] as number, heldMs: outcome.heldMs }
      }
      if (outcome.kind === 'ended' && outcome.how === 'released') {
        metrics.replayed()
        return { released: false, replayed: true, fence: outcome.fence }
      }
      throw lost(name, outcome, metrics)
    },
  )
}
