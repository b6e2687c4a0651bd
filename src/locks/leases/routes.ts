import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { acquireProblems } from '../problems.js'
import { type LockRouteOptions, takeGranted } from './answer.js'
import { holderRoutes } from './holder-routes.js'
import { toOptions } from './request.js'
import * as schemas from './schemas.js'

export const lockRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (app, options) => {
  const { store, metrics, idempotencyTtlMs } = options

  app.post(
    '/:name/acquire',
    {
      config: { scope: 'locks:write', queryFields: ['ttlMs', 'waitMs'] },
      schema: {
        operationId: 'acquireLock',
        summary: 'Take a lease on a lock, now or after waiting, or learn when to retry',
        tags: ['locks'],
        params: schemas.LockParams,
        querystring: schemas.WaitQuery,
        headers: IdempotencyHeaders,
        body: schemas.AcquireRequest,
        response: { 200: schemas.AcquireResponse, ...acquireProblems() },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const wanted = toOptions(request, request.body, idempotencyTtlMs)
      const outcome = await store.acquire(request.namespace, [name], wanted)
      const granted = takeGranted(name, outcome, metrics, reply)
      const { fences, token, mode, expiresInMs, waitedMs, holdCount } = granted
      return { name, token, fence: fences[0] as number, mode, expiresInMs, waitedMs, holdCount }
    },
  )

  app.register(holderRoutes, {
    store,
    metrics,
    renewal: {
      operationId: 'renewLock',
      summary: 'Extend a lease; it is never shortened',
    },
    release: {
      operationId: 'releaseLock',
      summary: 'Release a lease; a repeat is answered, not refused',
    },
  })
}
