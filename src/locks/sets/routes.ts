import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { type LockRouteOptions, takeGranted, takeReleased, takeRenewed } from '../leases/answer.js'
import { toOptions } from '../leases/request.js'
import { acquireProblems, releaseProblems, renewProblems } from '../problems.js'
import * as schemas from './schemas.js'

export const lockSetRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (app, options) => {
  const { store, metrics, idempotencyTtlMs } = options

  app.post(
    '/acquire',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'acquireLockSet',
        summary: 'Take several locks, all or nothing; sets never deadlock',
        tags: ['locks'],
        headers: IdempotencyHeaders,
        body: schemas.AcquireSetRequest,
        response: { 200: schemas.AcquireSetResponse, ...acquireProblems() },
      },
    },
    async (request, reply) => {
      const { names, ...terms } = request.body
      const wanted = toOptions(request, terms, idempotencyTtlMs)
      const outcome = await store.acquire(request.namespace, names, wanted)
      const granted = takeGranted(names, outcome, metrics, reply)
      const { token, fences, expiresInMs, waitedMs } = granted
      return { token, fences: byName(names, fences), expiresInMs, waitedMs }
    },
  )

  app.post(
    '/renew',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'renewLockSet',
        summary: 'Extend all leases of a set, or none',
        tags: ['locks'],
        body: schemas.RenewSetRequest,
        response: { 200: schemas.RenewSetResponse, ...renewProblems('cross-slot') },
      },
    },
    async ({ namespace, body: { names, token, ttlMs = 0 } }) => {
      const outcome = await store.renew(namespace, names, token, ttlMs)
      const { fences, expiresInMs } = takeRenewed(names, outcome, metrics)
      return { fences: byName(names, fences), expiresInMs }
    },
  )

  app.post(
    '/release',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'releaseLockSet',
        summary: 'Release all locks of a set; a repeat is answered, not refused',
        tags: ['locks'],
        body: schemas.ReleaseSetRequest,
        response: { 200: schemas.ReleaseSetResponse, ...releaseProblems('cross-slot') },
      },
    },
    async ({ namespace, body: { names, token } }) => {
      const outcome = await store.release(namespace, names, token)
      const done = takeReleased(names, outcome, metrics)
      if (!done.released) return { released: false, replayed: true }
      return { released: true, fences: byName(names, done.fences), heldMs: done.heldMs }
    },
  )
}

const byName = (names: readonly string[], fences: readonly number[]): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, fences[i] as number]))
