import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { logChange } from '../../http/change-log.js'
import { PageQuery, readPage } from '../../http/pages.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import { LockParams } from '../fields.js'
import type { LockRouteOptions } from '../leases/answer.js'
import { problemResponses } from '../problems.js'
import { Lock, LockList } from '../state-schemas.js'
import { SHOWN, toLockState } from './answer.js'
import * as schemas from './schemas.js'

export const lockAdminRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  { store },
) => {
  app.get(
    '',
    {
      config: { scope: 'locks:read', names: 'in-handler' },
      schema: {
        operationId: 'listLocks',
        summary: 'List the locks that are held or queued',
        description:
          'Locks with holders or waiters, page by page, in the order of the bytes of their names. A free lock leaves no trace and is not listed. Semaphores have a list of their own.',
        tags: ['locks'],
        querystring: PageQuery,
        response: { 200: LockList, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    ({ namespace, query, names }) =>
      readPage(query, names, (...range) => store.list(namespace, 'locks', ...range)),
  )

  app.get(
    '/:name',
    {
      config: { scope: 'locks:read' },
      schema: {
        operationId: 'getLock',
        summary: 'Get the state of a lock',
        description:
          'Who holds the lock, who waits for it, and how its last lease ended, all at one moment. Every name has a state: an unused one is `free`. The answer is old when it arrives, so decide nothing by it: `acquire` decides.',
        tags: ['locks'],
        params: LockParams,
        response: { 200: Lock, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async ({ namespace, params: { name } }) =>
      toLockState(name, await store.inspect(namespace, name, SHOWN)),
  )

  app.post(
    '/:name/verify',
    {
      config: { scope: 'locks:read' },
      schema: {
        operationId: 'verifyLock',
        summary: 'Check whether the lease with a fence is current',
        description:
          'For a resource that cannot keep the highest fence that it has seen. The lease can end between the answer and the write, so this makes the window smaller and does not close it. A resource that refuses smaller fences needs no check.',
        tags: ['locks'],
        params: LockParams,
        body: schemas.VerifyLockRequest,
        response: { 200: schemas.LockVerification, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => store.verify(request.namespace, request.params.name, request.body.fence),
  )

  app.post(
    '/:name/revoke',
    {
      config: { scope: 'admin', served: 'lease', repeat: 'applies-again' },
      schema: {
        operationId: 'revokeLock',
        summary: 'Ask the holders of a lock to give way',
        description:
          'For operators: the holders hear of it with their next renewal or keepalive, or at once on a `hold` stream. With `graceMs` their leases end after that time, with `force` now; later leases are not affected; a repeat without `fence` is for those who hold the lock by then. The request applies to a semaphore of this name as well. The log names who did it.',
        tags: ['locks'],
        params: LockParams,
        body: schemas.RevokeLockRequest,
        response: { 200: schemas.LockRevocation, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => {
      const { name } = request.params
      const { reason, graceMs, force, fence, clearLockDelay } = request.body
      if (force && graceMs !== undefined) {
        throw invalid('body/graceMs', 'contradicts `force`: send one of the two')
      }
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
