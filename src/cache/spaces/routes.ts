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
import { SpaceParams } from '../fields.js'
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
        summary: 'Set all settings of a space',
        description:
          'Creates the settings of a space or replaces all of them: a setting that is left out takes its default. Values that are stored keep their times. The change holds at once in the process that answers, and within a second in the others. A space of the configuration file is refused (409).',
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
        summary: 'Change some settings of a space',
        description:
          'Sets the fields that are sent, and keeps the others; `l1` is one field. The change is atomic: of two callers that change different fields at once neither loses its change. To give a setting its default again, PUT all of them.',
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
        summary: 'Show the settings and the use of a space',
        description:
          'The settings with the defaults of those that were left out, and what the process that answers has seen of the space. A space without settings is 404: it caches by the defaults.',
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
      config: { scope: 'cache:read', names: 'in-handler' },
      schema: {
        operationId: 'listCacheSpaces',
        summary: 'List the spaces that have settings',
        description:
          'Spaces of the API and of the configuration file, by name, page by page. A space that is only used does not stand here.',
        tags: ['cache'],
        querystring: PageQuery,
        response: { 200: schemas.SpaceList, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async ({ namespace, query, names }) => {
      const { items, ...rest } = pageOf(await store.list(namespace), query, names)
      return { items: items.map(toResponse), ...rest }
    },
  )

  app.delete(
    '/:space',
    {
      config: { scope: 'cache:write' },
      schema: {
        operationId: 'deleteCacheSpace',
        summary: 'Remove the settings of a space',
        description:
          'The space caches by the defaults from now on; its values stay. It succeeds as well where there is nothing to remove.',
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

function toResponse({ name, version, value, inFile }: SpaceDocument) {
  const { origin: _, ...settings } = toPolicy(value)
  return {
    name,
    ...settings,
    version,
    source: inFile ? ('file' as const) : ('api' as const),
  }
}
