import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { toMetadata } from '../../http/metadata.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import {
  IdempotencyHeaders,
  idempotencyConflict,
  requestIdentity,
} from '../../http/request-fingerprint.js'
import { type LockRouteOptions, sessionEnded, toRevoke } from '../leases/answer.js'
import { problemResponses } from '../problems.js'
import * as schemas from './schemas.js'

const endedProblems = () => problemResponses(...COMMON_PROBLEMS, 'session-ended')

export const sessionRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  { store: { sessions }, metrics, idempotencyTtlMs },
) => {
  app.post(
    '/',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'openSession',
        summary: 'Open a session: its leases live as long as it is kept alive',
        tags: ['locks'],
        headers: IdempotencyHeaders,
        body: schemas.OpenSessionRequest,
        response: {
          200: schemas.OpenSessionResponse,
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
      return { id: outcome.id, ttlMs, expiresInMs: outcome.expiresInMs }
    },
  )

  app.post(
    '/:id/keepalive',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'keepSession',
        summary: 'Keep a session alive, and with it all of its leases',
        tags: ['locks'],
        params: schemas.SessionParams,
        body: schemas.KeepSessionRequest,
        response: { 200: schemas.KeepSessionResponse, ...endedProblems() },
      },
    },
    async (request) => {
      const kept = await sessions.keep(request.namespace, request.params.id)
      metrics.session('keepalive', kept ? 'kept' : 'session-ended')
      if (!kept) throw sessionEnded()
      const { expiresInMs, leaseCount, notes } = kept
      const asked = notes.flatMap(({ how, name, fence, ...order }) =>
        how ? [] : [{ name, fence, ...toRevoke(order) }],
      )
      const ended = notes.flatMap(({ how, name, fence, reason }) =>
        how ? [{ name, fence, how, ...(reason !== '' && { reason }) }] : [],
      )
      return {
        expiresInMs,
        leaseCount,
        ...(asked.length > 0 && { revoke: asked }),
        ...(ended.length > 0 && { ended }),
      }
    },
  )

  app.get(
    '/:id',
    {
      config: { scope: 'locks:read' },
      schema: {
        operationId: 'getSession',
        summary: 'The time left of a session, and the locks it holds or waits for',
        tags: ['locks'],
        params: schemas.SessionParams,
        response: { 200: schemas.SessionState, ...endedProblems() },
      },
    },
    async (request) => {
      const { id } = request.params
      const session = await sessions.show(request.namespace, id)
      if (!session) throw sessionEnded()
      const { ttlMs, expiresInMs, metadata, names } = session
      return {
        id,
        ttlMs,
        expiresInMs,
        ...(metadata !== '' && { metadata: JSON.parse(metadata) as unknown }),
        names: [...names],
      }
    },
  )

  app.delete(
    '/:id',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'endSession',
        summary: 'End a session and release all of its leases; a repeat is answered, not refused',
        tags: ['locks'],
        params: schemas.SessionParams,
        response: { 200: schemas.EndSessionResponse, ...endedProblems() },
      },
    },
    async (request) => {
      const outcome = await sessions.end(request.namespace, request.params.id)
      metrics.session('end', outcome ? (outcome.replayed ? 'replayed' : 'ended') : 'session-ended')
      if (!outcome) throw sessionEnded()
      if (outcome.released > 0) metrics.ended('released', outcome.released)
      const { leaseCount } = outcome
      return outcome.replayed
        ? { ended: false, replayed: true, leaseCount }
        : { ended: true, leaseCount }
    },
  )
}
