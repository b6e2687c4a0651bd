import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { LockParams, WaitQuery } from '../fields.js'
import { type LockRouteOptions, takeGranted } from '../leases/answer.js'
import { holderRoutes } from '../leases/holder-routes.js'
import { toOptions } from '../leases/request.js'
import { acquireProblems } from '../problems.js'
import * as schemas from './schemas.js'

/** Leases on permits. */
export const semaphoreRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  options,
) => {
  const { store, metrics, idempotencyTtlMs } = options

  app.post(
    '/:name/acquire',
    {
      config: { scope: 'locks:write', queryFields: ['ttlMs', 'waitMs'] },
      schema: {
        operationId: 'acquirePermits',
        summary: 'Acquire permits of a semaphore',
        description:
          'Takes permits at once, or after waiting in the queue for up to `waitMs`. All callers send the same `capacity`, or none where it was set with PUT. 423 is the normal answer when too few permits are free. Send an `Idempotency-Key`, and a retry gets the same lease.',
        tags: ['locks'],
        params: LockParams,
        querystring: WaitQuery,
        headers: IdempotencyHeaders,
        body: schemas.AcquirePermitsRequest,
        response: {
          200: schemas.PermitLease,
          ...acquireProblems('capacity-mismatch', 'unsatisfiable'),
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const { body } = request
      const wanted = toOptions(request, body, idempotencyTtlMs)
      const outcome = await store.acquire(request.namespace, [name], wanted)
      const granted = takeGranted(name, outcome, metrics, reply)
      const { fences, token, expiresInMs, waitedMs } = granted
      const fence = fences[0] as number
      return { name, token, fence, permits: body.permits, expiresInMs, waitedMs }
    },
  )

  app.register(holderRoutes, {
    store,
    metrics,
    renewal: {
      operationId: 'renewPermits',
      summary: 'Extend a lease on permits',
      description:
        'Extends the lease from now on; a renewal never shortens it, and never brings back a lease that ended. The answer says whether an operator asks for the permits. 410 means that the lease is over: stop the work that it protects.',
    },
    release: {
      operationId: 'releasePermits',
      summary: 'Release permits',
      description:
        'Gives the permits back, and serves those who wait. A repeat is answered, not refused. 410 means that the lease ended before: it expired or was revoked.',
    },
    change: {
      operationId: 'setPermitMetadata',
      summary: 'Change the metadata of a lease on permits',
      description:
        'Replaces the metadata that others see, for example the address of a leader; the lease ends when it did before. Watchers of the events get `changed`, unless the metadata is the same. 410 means that the lease is over.',
    },
  })
}
