import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { LockParams, WaitQuery } from '../fields.js'
import { acquireProblems, renewProblems } from '../problems.js'
import { type LockRouteOptions, takeDowngraded, takeGranted } from './answer.js'
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
        summary: 'Acquire a lock',
        description:
          'Takes the lock at once, or after waiting in the queue for up to `waitMs`. The `token` proves the lease: renew it before `expiresInMs` is over, and release it at the end. Pass the `fence` to the resource that the lock protects. 423 is the normal answer when the lock is held. Send an `Idempotency-Key`, and a retry gets the same lease.',
        tags: ['locks'],
        params: LockParams,
        querystring: WaitQuery,
        headers: IdempotencyHeaders,
        body: schemas.AcquireLockRequest,
        response: { 200: schemas.Lease, ...acquireProblems() },
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

  app.post(
    '/:name/downgrade',
    {
      config: { scope: 'locks:write', served: 'lease' },
      schema: {
        operationId: 'downgradeLock',
        summary: 'Make an exclusive lease a shared one',
        description:
          'A writer becomes a reader without giving the lock away: no other writer comes in between, and the readers at the head of the queue are served. Token, fence and end of the lease stay; watchers of the events get `changed`. A repeat changes nothing. 409 for a reentrant lease with other tokens. 410 means that the lease is over.',
        tags: ['locks'],
        params: LockParams,
        body: schemas.DowngradeLockRequest,
        response: { 200: schemas.DowngradedLock, ...renewProblems('mode-mismatch') },
      },
    },
    async ({ namespace, params: { name }, body: { token } }) => {
      const outcome = await store.downgrade(namespace, name, token)
      return { fence: takeDowngraded(name, outcome, metrics), mode: 'shared' as const }
    },
  )

  app.register(holderRoutes, {
    store,
    metrics,
    renewal: {
      operationId: 'renewLock',
      summary: 'Extend the lease on a lock',
      description:
        'Extends the lease from now on; a renewal never shortens it, and never brings back a lease that ended. The answer says whether an operator asks for the lock. 410 means that the lease is over: stop the work that it protects.',
    },
    release: {
      operationId: 'releaseLock',
      summary: 'Release a lock',
      description:
        'Ends the lease, and serves those who wait. A repeat is answered, not refused. 410 means that the lease ended before: it expired or was revoked, so that others may have held the lock meanwhile.',
    },
    change: {
      operationId: 'setLockMetadata',
      summary: 'Change the metadata of a lease on a lock',
      description:
        'Replaces the metadata that others see, for example the address of a leader; the lease ends when it did before. Watchers of the events get `changed`, unless the metadata is the same. Each token of a reentrant lease has its own metadata; that of the token that ends first is shown. 410 means that the lease is over.',
    },
  })
}
