import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { assertScopeOfAll } from '../../http/auth.js'
import { toMetadata } from '../../http/metadata.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import {
  IdempotencyHeaders,
  idempotencyConflict,
  requestIdentity,
} from '../../http/request-fingerprint.js'
import { type LockRouteOptions, sessionEnded } from '../leases/answer.js'
import { problemResponses } from '../problems.js'
import { toKept } from './answer.js'
import { sessionIdOf } from './keys.js'
import * as schemas from './schemas.js'

const endedProblems = () => problemResponses(...COMMON_PROBLEMS, 'session-ended')

/** Of the holder of a session, who has its token. */
export const sessionRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  { store: { sessions }, metrics, idempotencyTtlMs },
) => {
  app.post(
    '',
    {
      config: { scope: 'locks:write', names: () => [] },
      schema: {
        operationId: 'openSession',
        summary: 'Open a session',
        description:
          'Opens a session for up to 1000 leases of locks, semaphores and sets that live by one keepalive. The `token` is the secret: send it as `sessionToken` of an acquire, and to keep the session alive or to end it. The `id` is public. A repeat with the same `Idempotency-Key` is answered the same session.',
        tags: ['locks'],
        headers: IdempotencyHeaders,
        body: schemas.OpenSessionRequest,
        response: {
          201: schemas.OpenedSession,
          ...problemResponses(...COMMON_PROBLEMS, 'session-ended', 'idempotency-conflict'),
        },
      },
    },
    async (request, reply) => {
      const { ttlMs, metadata, prefix } = request.body
      const outcome = await sessions.open(request.namespace, {
        ttlMs,
        metadata: metadata && toMetadata(metadata, 'body/metadata'),
        prefix,
        idempotency: requestIdentity(request, idempotencyTtlMs),
      })
      metrics.session('open', outcome.kind)
      switch (outcome.kind) {
        case 'prefix-missing':
          throw invalid('body/prefix', 'is required on Redis Cluster')
        case 'conflict':
          throw idempotencyConflict()
        case 'session-ended':
          throw sessionEnded()
        case 'replayed':
          reply.header('idempotent-replayed', 'true')
      }
      const { id, token, expiresInMs } = outcome
      reply.code(201).header('location', `/v1/sessions/${id}`)
      return { id, token, ttlMs, expiresInMs }
    },
  )

  /** A token that has its scope for some names only must have it for every lease of the session. */
  async function assertLeases(request: FastifyRequest, id: string): Promise<void> {
    if (request.names === undefined) return
    const session = await sessions.show(request.namespace, id)
    assertScopeOfAll(request, 'locks:write', session?.names ?? [], 'all leases of the session')
  }

  app.post(
    '/keepalive',
    {
      config: { scope: 'locks:write', served: 'lease', names: 'in-handler' },
      schema: {
        operationId: 'keepSession',
        summary: 'Keep a session alive',
        description:
          'The session, and every lease of it that has no end of its own, lives for another `ttlMs`. Send it at least three times per `ttlMs`. The answer names the leases that others ask for, and those that expired or were revoked. 410 `session-ended` means that all leases of the session are over.',
        tags: ['locks'],
        body: schemas.KeepSessionRequest,
        response: { 200: schemas.KeptSession, ...endedProblems() },
      },
    },
    async (request) => {
      const id = sessionIdOf(request.body.token)
      await assertLeases(request, id)
      const kept = await sessions.keep(request.namespace, id)
      metrics.session('keepalive', kept ? 'kept' : 'session-ended')
      if (!kept) throw sessionEnded()
      return toKept(kept)
    },
  )

  app.post(
    '/end',
    {
      config: { scope: 'locks:write', served: 'lease', names: 'in-handler' },
      schema: {
        operationId: 'endSession',
        summary: 'End a session and release its leases',
        description:
          'Releases every lease of the session, without lock delays, and answers its waiting requests with 410 `session-ended`. A repeat is answered, not refused. A session that expired is 410 `session-ended`.',
        tags: ['locks'],
        body: schemas.EndSessionRequest,
        response: { 200: schemas.EndedSession, ...endedProblems() },
      },
    },
    async (request) => {
      const id = sessionIdOf(request.body.token)
      await assertLeases(request, id)
      const outcome = await sessions.end(request.namespace, id)
      metrics.sessionEnded(outcome)
      if (!outcome) throw sessionEnded()
      const { replayed, leaseCount } = outcome
      return replayed ? { ended: false, replayed, leaseCount } : { ended: true, leaseCount }
    },
  )
}
