import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { type LockRouteOptions, lost, takeGranted } from '../leases/answer.js'
import { checkTerms, toOptions } from '../leases/request.js'
import { problemResponses } from '../problems.js'
import * as schemas from './schemas.js'

export const lockSetRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  { store, metrics, idempotencyTtlMs },
) => {
  app.post(
    '/acquire',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'acquireLockSet',
        summary: 'Take several locks, all or nothing; sets never block each other for good',
        tags: ['locks'],
        headers: IdempotencyHeaders,
        body: schemas.AcquireSetRequest,
        response: {
          200: schemas.AcquireSetResponse,
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
      const { names, ...terms } = request.body
      checkTerms(terms)
      const outcome = await store.acquire(
        request.namespace,
        names,
        toOptions(request, terms, idempotencyTtlMs),
      )
      const granted = takeGranted(names.join(', '), outcome, metrics, reply)
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
        summary: 'Move the end of all leases of a set away, or of none',
        tags: ['locks'],
        body: schemas.RenewSetRequest,
        response: {
          200: schemas.RenewSetResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'not-owner',
            'lease-expired',
            'lease-released',
            'lease-revoked',
            'cross-slot',
          ),
        },
      },
    },
    async (request) => {
      const { names, token, ttlMs } = request.body
      const outcome = await store.renew(request.namespace, names, token, ttlMs ?? 0)
      if (outcome.kind !== 'renewed') throw lost(names.join(', '), outcome, metrics, names)
      return { fences: byName(names, outcome.fences), expiresInMs: outcome.expiresInMs }
    },
  )

  app.post(
    '/release',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'releaseLockSet',
        summary: 'Give all locks of a set back; a repeat is answered, not refused',
        tags: ['locks'],
        body: schemas.ReleaseSetRequest,
        response: {
          200: schemas.ReleaseSetResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'not-owner',
            'lease-expired',
            'lease-revoked',
            'cross-slot',
          ),
        },
      },
    },
    async (request) => {
      const { names, token } = request.body
      const outcome = await store.release(request.namespace, names, token)
      if (outcome.kind === 'released') {
        metrics.ended('released', names.length)
        metrics.held(outcome.heldMs / 1_000)
        return { released: true, fences: byName(names, outcome.fences), heldMs: outcome.heldMs }
      }
      if (outcome.kind === 'ended' && outcome.how === 'released') {
        metrics.replayed()
        return { released: false, replayed: true }
      }
      throw lost(names.join(', '), outcome, metrics, names)
    },
  )
}

const byName = (names: readonly string[], fences: readonly number[]): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, fences[i] as number]))
