import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS, invalid, Problem, problemResponses } from '../http/problem.js'
import { IdempotencyHeaders, requestIdentity } from '../http/request-fingerprint.js'
import type { LockMetrics } from './metrics.js'
import * as schemas from './schemas.js'
import type { InspectReply, LeaseEnd } from './scripts.js'
import type { AcquireOutcome, LockStore } from './store.js'

export interface LockRouteOptions {
  readonly store: LockStore
  readonly metrics: LockMetrics
  readonly idempotencyTtlMs: number
}

const MAX_METADATA_BYTES = 1_024
const MAX_RETRY_AFTER_S = 30

export const lockRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  { store, metrics, idempotencyTtlMs },
) => {
  app.post(
    '/:name/acquire',
    {
      config: { scope: 'locks:write', queryFields: ['ttlMs'] },
      schema: {
        operationId: 'acquireLock',
        summary: 'Take a lease on a lock, or learn when to try again',
        tags: ['locks'],
        params: schemas.LockParams,
        querystring: schemas.TtlQuery,
        headers: IdempotencyHeaders,
        body: schemas.AcquireRequest,
        response: {
          200: schemas.AcquireResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'lock-held',
            'lease-expired',
            'lease-released',
            'lease-revoked',
            'idempotency-conflict',
          ),
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const { ttlMs, owner, metadata } = request.body
      const outcome = await store.acquire(request.namespace, name, {
        ttlMs,
        owner,
        metadata: metadata && toMetadata(metadata),
        idempotency: requestIdentity(request, idempotencyTtlMs),
      })
      if (outcome.kind !== 'granted') {
        metrics.acquired(outcome.kind)
        throw refused(name, outcome)
      }
      const { token, fence, expiresInMs, replayed } = outcome
      metrics.acquired(replayed ? 'replayed' : 'granted')
      if (replayed) reply.header('idempotent-replayed', 'true')
      return {
        name,
        token,
        fence,
        mode: 'exclusive' as const,
        expiresInMs,
        waitedMs: 0,
        holdCount: 1,
      }
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
      const outcome = await store.renew(request.namespace, name, token, ttlMs)
      if (outcome.kind === 'not-owner') throw notOwner(name)
      if (outcome.kind === 'ended') {
        if (outcome.how === 'expired') metrics.expiredWhileHeld()
        throw leaseEnded(name, outcome.how, outcome.fence)
      }
      return { fence: outcome.fence, expiresInMs: outcome.expiresInMs }
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
      const outcome = await store.release(request.namespace, name, request.body.token)
      if (outcome.kind === 'not-owner') throw notOwner(name)
      if (outcome.kind === 'ended') {
        if (outcome.how === 'released') {
          return { released: false, replayed: true, fence: outcome.fence }
        }
        if (outcome.how === 'expired') metrics.expiredWhileHeld()
        throw leaseEnded(name, outcome.how, outcome.fence)
      }
      metrics.ended('released')
      metrics.held(outcome.heldMs / 1_000)
      return { released: true, fence: outcome.fence, heldMs: outcome.heldMs }
    },
  )

  app.get(
    '/:name',
    {
      config: { scope: 'locks:read' },
      schema: {
        operationId: 'getLock',
        summary: 'Who holds a lock, and how its last lease ended',
        tags: ['locks'],
        params: schemas.LockParams,
        response: { 200: schemas.LockState, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => {
      const { name } = request.params
      const lock = await store.inspect(request.namespace, name)
      const holders = toHolders(lock)
      return {
        name,
        state: holders.length > 0 ? ('held' as const) : ('free' as const),
        ...(holders.length > 0 && { mode: 'exclusive' as const }),
        capacity: 1,
        holders,
        waiters: [],
        queueLength: 0,
        ...(lock.lastEnd && { lastEnd: lock.lastEnd }),
      }
    },
  )
}

function toMetadata(metadata: object): string {
  const text = JSON.stringify(metadata)
  if (Buffer.byteLength(text) > MAX_METADATA_BYTES) {
    throw invalid('body/metadata', `must be at most ${MAX_METADATA_BYTES} bytes of JSON`)
  }
  return text
}

function toHolders({ holder }: InspectReply) {
  if (!holder) return []
  const { fence, leftMs, heldMs, owner, metadata } = holder
  return [
    {
      fence,
      expiresInMs: leftMs,
      heldMs,
      ...(owner !== '' && { owner }),
      ...(metadata !== '' && { metadata: JSON.parse(metadata) as unknown }),
    },
  ]
}

function refused(name: string, outcome: Exclude<AcquireOutcome, { kind: 'granted' }>): Problem {
  switch (outcome.kind) {
    case 'held': {
      const holders = toHolders(outcome.lock)
      return new Problem('lock-held', `"${name}" is held.`, {
        retryAfterMs: outcome.retryAfterMs,
        maxRetryAfterS: MAX_RETRY_AFTER_S,
        extensions: { holders, holderCount: holders.length, queueLength: 0 },
      })
    }
    case 'conflict':
      return new Problem(
        'idempotency-conflict',
        'This Idempotency-Key was used for another request.',
      )
    case 'ended':
      return leaseEnded(name, outcome.how, outcome.fence)
  }
}

const notOwner = (name: string): Problem =>
  new Problem('not-owner', `The token does not hold "${name}".`)

const leaseEnded = (name: string, how: LeaseEnd, fence: number): Problem =>
  new Problem(`lease-${how}`, `The lease on "${name}" has ended: ${how}.`, {
    extensions: { fence },
  })
