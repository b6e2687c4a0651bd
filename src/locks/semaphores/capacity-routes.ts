import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DocumentHeaders, recordRemoval, toPut } from '../../http/documents.js'
import { toETag, toPrecondition } from '../../http/etag.js'
import { PageQuery, readPage } from '../../http/pages.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { SHOWN, toSemaphore } from '../admin/answer.js'
import { LockParams } from '../fields.js'
import { type LockRouteOptions, toPermits } from '../leases/answer.js'
import { problem, problemResponses } from '../problems.js'
import { Semaphore, SemaphoreList } from '../state-schemas.js'
import * as schemas from './schemas.js'

/** The capacity and the state of semaphores. */
export const capacityRoutes: FastifyPluginAsyncTypebox<LockRouteOptions> = async (
  app,
  { store },
) => {
  app.get(
    '',
    {
      config: { scope: 'locks:read', names: 'in-handler' },
      schema: {
        operationId: 'listSemaphores',
        summary: 'List the semaphores of the namespace',
        description:
          'Semaphores with holders, waiters or a stored capacity, page by page, in the order of the bytes of their names.',
        tags: ['locks'],
        querystring: PageQuery,
        response: { 200: SemaphoreList, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async ({ namespace, query, names }) => {
      const read = (...range: [string, string, number]) =>
        store.list(namespace, 'semaphores', ...range)
      const { items, ...next } = await readPage(query, names, read)
      const shown = items.map(({ name, holderCount, queueLength, ...rest }) => ({
        ...{ name, holderCount, queueLength },
        ...toPermits(rest),
      }))
      return { items: shown, ...next }
    },
  )

  app.get(
    '/:name',
    {
      config: { scope: 'locks:read' },
      schema: {
        operationId: 'getSemaphore',
        summary: 'Get the capacity and the state of a semaphore',
        description:
          'Who holds permits, who waits, and how many permits are available, all at one moment. Every name has a state: an unused one is `free`. The `ETag` is that of the capacity, where one was set with PUT.',
        tags: ['locks'],
        params: LockParams,
        response: { 200: Semaphore, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async ({ namespace, params: { name } }, reply) => {
      const seen = await store.inspect(namespace, name, SHOWN)
      if (seen.version > 0) reply.header('etag', toETag(seen.version))
      return toSemaphore(name, seen)
    },
  )

  app.put(
    '/:name',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'putSemaphore',
        summary: 'Set the capacity of a semaphore',
        description:
          'Stores the capacity, which overrides that of callers until it is deleted. A higher one serves those who wait. A lower one ends no lease, and refuses waiters that ask for more than all of it with 409 `unsatisfiable`. The name of a lock that is in use is 409 `mode-mismatch`.',
        tags: ['locks'],
        params: LockParams,
        headers: DocumentHeaders,
        body: schemas.PutSemaphoreRequest,
        response: {
          200: Semaphore,
          201: Semaphore,
          ...problemResponses(...COMMON_PROBLEMS, 'precondition-failed', 'mode-mismatch'),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params, body, headers } = request
      const { name } = params
      const when = toPrecondition(headers)
      const outcome = await store.resize(namespace, name, body.capacity, SHOWN, when)
      switch (outcome.kind) {
        case 'mode-mismatch':
          throw problem('mode-mismatch', `"${name}" is in use as a lock.`)
        case 'precondition-failed':
          return toPut<never>(reply, { kind: outcome.kind }, 'semaphore', name)
      }
      const { kind, before, semaphore } = outcome
      const document = { ...toSemaphore(name, semaphore), version: semaphore.version }
      return toPut(reply, { kind, before, document }, 'semaphore', name)
    },
  )

  app.delete(
    '/:name',
    {
      config: { scope: 'locks:write' },
      schema: {
        operationId: 'deleteSemaphore',
        summary: 'Delete the capacity of a semaphore',
        description:
          'Deletes the capacity that was set with PUT; from then on callers agree on one. Leases and waiters go on under the capacity in use. Where none was set the answer is 204 as well.',
        tags: ['locks'],
        params: LockParams,
        headers: DocumentHeaders,
        response: {
          204: { description: 'No capacity is stored now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params, headers } = request
      const outcome = await store.removeCapacity(namespace, params.name, toPrecondition(headers))
      recordRemoval(request, outcome, 'semaphore', params.name)
      return reply.code(204).send(null)
    },
  )
}
