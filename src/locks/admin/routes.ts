import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { logChange } from '../../http/change-log.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import type { LockRouteOptions } from '../leases/answer.js'
import { LockParams } from '../leases/schemas.js'
import { problemResponses } from '../problems.js'
import { readLockState } from './answer.js'
import * as schemas from './schemas.js'

export const lockAdminRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  { store },
) => {
  app.get(
    '/',
    {
      config: { scope: 'locks:read' },
      schema: {
        operationId: 'listLocks',
        summary: 'The locks and semaphores that are held or queued, by prefix',
        tags: ['locks'],
        querystring: schemas.ListQuery,
        response: { 200: schemas.LockList, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => {
      const { prefix, limit, cursor } = request.query
      const after = cursor === undefined ? '' : Buffer.from(cursor, 'base64url').toString()
      if (cursor !== undefined && (after === '' || !after.startsWith(prefix))) {
        throw invalid('query/cursor', 'is not the cursor of a page of this list')
      }
      const locks = await store.list(request.namespace, prefix, after, limit)
      const last = locks.at(-1)
      return {
        locks,
        ...(last &&
          locks.length === limit && { nextCursor: Buffer.from(last.name).toString('base64url') }),
      }
    },
  )

  app.get(
    '/:name',
    {
      config: { scope: 'locks:read' },
      schema: {
        operationId: 'getLock',
        summary: 'Who holds a lock, who waits, and how its last lease ended',
        tags: ['locks'],
        params: LockParams,
        response: { 200: schemas.LockState, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    (request) => readLockState(store, request),
  )

  app.post(
    '/:name/verify',
    {
      config: { scope: 'locks:read' },
      schema: {
        operationId: 'verifyLock',
        summary:
          'Is the lease with this fence current? The answer narrows the window, it does not close it',
        tags: ['locks'],
        params: LockParams,
        body: schemas.VerifyRequest,
        response: { 200: schemas.VerifyResponse, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => store.verify(request.namespace, request.params.name, request.body.fence),
  )

  app.post(
    '/:name/revoke',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'revokeLock',
        summary: 'Ask the holders to give way, or end their leases; audited in the log',
        tags: ['locks'],
        params: LockParams,
        body: schemas.RevokeRequest,
        response: { 200: schemas.RevokeResponse, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => {
      const { name } = request.params
      const { reason, graceMs, force, fence, clearLockDelay } = request.body
      if (force && graceMs !== undefined) throw invalid('body/graceMs', 'makes no sense with force')
      const done = await store.revoke(request.namespace, name, {
        reason,
        graceMs: force ? 0 : graceMs,
        fence,
        clearLockDelay,
      })
      const asked = { reason, graceMs, force, fence, clearLockDelay }
      logChange(request, 'lock.revoke', { lock: name, ...asked, ...done })
      return done
    },
  )
}
