import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { logChange } from '../../http/change-log.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { readLockState } from '../admin/answer.js'
import { LockState } from '../admin/schemas.js'
import { type LockRouteOptions, takeGranted } from '../leases/answer.js'
import { holderRoutes } from '../leases/holder-routes.js'
import { toOptions } from '../leases/request.js'
import { LockParams, WaitQuery } from '../leases/schemas.js'
import { acquireProblems, problem, problemResponses } from '../problems.js'
import * as schemas from './schemas.js'

const RESIZED = {
  200: schemas.CapacityResponse,
  ...problemResponses(...COMMON_PROBLEMS, 'mode-mismatch'),
}

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
        summary: 'Take permits of a semaphore, now or after waiting',
        tags: ['locks'],
        params: LockParams,
        querystring: WaitQuery,
        headers: IdempotencyHeaders,
        body: schemas.AcquirePermitsRequest,
        response: {
          200: schemas.AcquirePermitsResponse,
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
    },
    release: {
      operationId: 'releasePermits',
      summary: 'Release permits; a repeat is answered, not refused',
    },
  })

  app.get(
    '/:name',
    {
      config: { scope: 'locks:read' },
      schema: {
        operationId: 'getSemaphore',
        summary: 'Who holds permits of a semaphore, and who waits',
        tags: ['locks'],
        params: LockParams,
        response: { 200: LockState, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    (request) => readLockState(store, request),
  )

  app.put(
    '/:name',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'setSemaphoreCapacity',
        summary: 'Set the capacity; it overrides that of callers, and lowering it ends no lease',
        tags: ['locks'],
        params: LockParams,
        body: schemas.CapacityRequest,
        response: RESIZED,
      },
    },
    async (request) => resize(request, request.params.name, request.body.capacity),
  )

  app.delete(
    '/:name',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'deleteSemaphoreCapacity',
        summary: 'Delete the capacity that was set; leases go on',
        tags: ['locks'],
        params: LockParams,
        response: RESIZED,
      },
    },
    async (request) => resize(request, request.params.name, 0),
  )

  async function resize(request: FastifyRequest, name: string, capacity: number) {
    const outcome = await store.resize(request.namespace, name, capacity)
    if (outcome.kind === 'mode-mismatch') {
      throw problem('mode-mismatch', `"${name}" is in use as a lock.`)
    }
    const { before } = outcome
    if (before !== capacity) {
      logChange(request, 'semaphore.capacity', { semaphore: name, before, capacity })
    }
    return { name, ...(outcome.capacity > 0 && { capacity: outcome.capacity }) }
  }
}
