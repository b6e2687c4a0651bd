import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import {
  DocumentHeaders,
  PUT_PROBLEMS,
  REMOVE_PROBLEMS,
  recordRemoval,
  toPatch,
  toPut,
  withETag,
} from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { PageQuery, pageOf } from '../../http/pages.js'
import { COMMON_PROBLEMS, type Problem } from '../../http/problem.js'
import { SpaceParams } from '../entries/schemas.js'
import { problem, problemResponses } from '../problems.js'
import { type SentPolicy, toPolicy } from './policy.js'
import * as schemas from './schemas.js'
import type { SpaceDocument, SpaceStore } from './store.js'
import type { SpaceUsages } from './usage.js'

export const spaceRoutes: FastifyPluginAsyncTypebox<{
  store: SpaceStore
  usages: Pick<SpaceUsages, 'of'>
}> = async (app, { store, usages }) => {
  app.put(
    '/:space',
    {
      config: { scope: 'cache:write' },
      schema: {
        operationId: 'putCacheSpace',
        summary: 'Set the policy of a space; stored values keep their TTL',
        tags: ['cache'],
        params: SpaceParams,
        headers: DocumentHeaders,
        body: schemas.SpaceRequest,
        response: {
          200: schemas.SpaceResponse,
          201: schemas.SpaceResponse,
          ...problemResponses(...COMMON_PROBLEMS, ...PUT_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { space } = request.params
      const when = toPrecondition(request.headers)
      const outcome = await store.put(request.namespace, space, request.body, when)
      return toResponse(toPut(reply, outcome, 'space', space))
    },
  )

  app.patch(
    '/:space',
    {
      config: { scope: 'cache:write' },
      schema: {
        operationId: 'patchCacheSpace',
        summary: 'Change some settings of a space; the others keep their values',
        tags: ['cache'],
        params: SpaceParams,
        headers: DocumentHeaders,
        body: schemas.PatchSpaceRequest,
        response: {
          200: schemas.SpaceResponse,
          ...problemResponses(...COMMON_PROBLEMS, ...REMOVE_PROBLEMS, 'space-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { space } = request.params
      const when = toPrecondition(request.headers)
      const change = (present: SentPolicy) => ({ ...present, ...request.body })
      const outcome = await store.patch(request.namespace, space, change, when)
      const document = toPatch(reply, outcome, 'space', space)
      if (!document) throw spaceNotFound(space)
      return toResponse(document)
    },
  )

  app.get(
    '/:space',
    {
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'getCacheSpace',
        summary: 'The policy of a space, and its use as the process that answers has seen it',
        tags: ['cache'],
        params: SpaceParams,
        response: {
          200: schemas.UsedSpaceResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'space-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { namespace } = request
      const { space } = request.params
      const document = await store.get(namespace, space)
      if (!document) throw spaceNotFound(space)
      return {
        ...toResponse(withETag(reply, document)),
        usage: usages.of({ namespace, space }),
      }
    },
  )

  app.get(
    '',
    {
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'listCacheSpaces',
        summary: 'Every space of the namespace that has a policy',
        tags: ['cache'],
        querystring: PageQuery,
        response: { 200: schemas.SpaceList, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async ({ namespace, query }) => {
      const { items, ...rest } = pageOf(await store.list(namespace), query)
      return { items: items.map(toResponse), ...rest }
    },
  )

  app.delete(
    '/:space',
    {
      config: { scope: 'cache:write' },
      schema: {
        operationId: 'deleteCacheSpace',
        summary: 'Remove the policy of a space, not its values',
        tags: ['cache'],
        params: SpaceParams,
        headers: DocumentHeaders,
        response: {
          204: { description: 'The space caches by default now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, ...REMOVE_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { space } = request.params
      const outcome = await store.remove(request.namespace, space, toPrecondition(request.headers))
      recordRemoval(request, outcome, 'space', space)
      return reply.code(204).send(null)
    },
  )
}

const spaceNotFound = (space: string): Problem =>
  problem('space-not-found', `The space "${space}" has no settings: it caches by the defaults.`)

const toResponse = ({ name, version, value, inFile }: SpaceDocument) => ({
  name,
  ...toPolicy(value),
  version,
  source: inFile ? ('file' as const) : ('api' as const),
})
