import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { assertScopeOfAll } from '../../http/auth.js'
import { logChange } from '../../http/change-log.js'
import { fromCursor } from '../../http/pages.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { toPage } from '../admin/answer.js'
import type { LockRouteOptions } from '../leases/answer.js'
import { problem, problemResponses } from '../problems.js'
import { toSession } from './answer.js'
import * as schemas from './schemas.js'

/** Of those who see or end the sessions of others, by their public ids. */
export const sessionOperatorRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  { store: { sessions }, metrics },
) => {
  app.get(
    '',
    {
      config: { scope: 'locks:read', names: 'every' },
      schema: {
        operationId: 'listSessions',
        summary: 'List the sessions of the namespace',
        description:
          'The sessions that have not ended, page by page, in the order of their ids. An id ends or shows a session; it keeps none alive, and no lease is acquired with it. A page may have fewer items than `limit`, also where another one follows.',
        tags: ['locks'],
        querystring: schemas.SessionQuery,
        response: { 200: schemas.SessionList, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async ({ namespace, query: { limit, cursor } }) => {
      const after = fromCursor(cursor, '')
      const { sessions: items, next } = await sessions.list(namespace, after, limit)
      return toPage(items.map(toSession), next)
    },
  )

  app.get(
    '/:id',
    {
      config: { scope: 'locks:read', names: 'in-handler' },
      schema: {
        operationId: 'getSession',
        summary: 'Get a session and the names of its locks',
        description:
          'The time left of a session, and the locks and semaphores that it holds or waits for. A session that ended or never existed is 404 `session-not-found`.',
        tags: ['locks'],
        params: schemas.SessionParams,
        response: {
          200: schemas.Session,
          ...problemResponses(...COMMON_PROBLEMS, 'session-not-found'),
        },
      },
    },
    async (request) => {
      const { id } = request.params
      const session = await sessions.show(request.namespace, id)
      if (!session) throw problem('session-not-found', `No session has the id "${id}".`)
      assertScopeOfAll(request, 'locks:read', session.names, 'all leases of the session')
      return { ...toSession({ id, ...session }), names: [...session.names] }
    },
  )

  app.delete(
    '/:id',
    {
      config: { scope: 'admin', served: 'lease' },
      schema: {
        operationId: 'deleteSession',
        summary: 'End the session of another caller',
        description:
          'For operators: ends a session by its public id, as its holder does with the token. Its leases are released, without lock delays; its holder hears 410 `session-ended`. A session that ended or never existed is 204 as well. The log names who did it.',
        tags: ['locks'],
        params: schemas.SessionParams,
        response: {
          204: { description: 'There is no such session now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const outcome = await sessions.end(request.namespace, id)
      metrics.sessionEnded(outcome)
      if (outcome && !outcome.replayed) {
        logChange(request, 'session.end', { session: id, leaseCount: outcome.leaseCount })
      }
      return reply.code(204).send(null)
    },
  )
}
