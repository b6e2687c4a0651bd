import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { problemResponses } from '../problems.js'
import { type LockRouteOptions, takeGranted } from './answer.js'
import { holderRoutes } from './holder-routes.js'
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

  app.register(holderRoutes, {
    store,
    metrics,
    renew: {
      operationId: 'renewLock',
      summary: 'Move the end of a lease away; it is never shortened',
    },
    release: {
      operationId: 'releaseLock',
      summary: 'Give a lease back; a repeat is answered, not refused',
    },
  })
}
