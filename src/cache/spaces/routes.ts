import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { toETag, toPrecondition } from '../../http/etag.js'
import { COMMON_PROBLEMS, Problem, problemResponses } from '../../http/problem.js'
import { SpaceParams } from '../entries/schemas.js'
import { toPolicy } from './policy.js'
import * as schemas from './schemas.js'
import type { SpaceDocument, SpaceStore } from './store.js'

export const spaceRoutes: FastifyPluginAsyncTypebox<{ store: SpaceStore }> = async (
  app,
  { store },
) => {
  app.put(
    '/:space',
    {
      config: { scope: 'cache:write' },
      schema: {
        operationId: 'putCacheSpace',
        summary: 'Say how a space caches; what is stored keeps the life it has',
        tags: ['cache'],
        params: SpaceParams,
        headers: schemas.WriteHeaders,
        body: schemas.SpaceRequest,
        response: {
          200: schemas.SpaceResponse,
          201: schemas.SpaceResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'precondition-failed',
            'in-config-file',
            'too-many-policies',
          ),
        },
      },
    },
    async (request, reply) => {
      const { space } = request.params
      const when = toPrecondition(request.headers)
      const outcome = await store.put(request.namespace, space, request.body, when)
      switch (outcome.kind) {
        case 'precondition-failed':
          throw preconditionFailed(space)
        case 'in-file':
          throw inFile(space)
        case 'too-many':
          throw new Problem('too-many-policies', 'The namespace has as many spaces as it may.')
        default:
          reply.code(outcome.kind === 'created' ? 201 : 200)
          reply.header('etag', toETag(outcome.document.version))
          return toResponse(outcome.document)
      }
    },
  )

  app.get(
    '/:space',
    {
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'getCacheSpace',
        summary: 'How a space caches',
        tags: ['cache'],
        params: SpaceParams,
        response: {
          200: schemas.SpaceResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request, reply) => {
      const { space } = request.params
      const document = await store.get(request.namespace, space)
      if (!document) throw new Problem('not-found', `${space} has no policy: it caches by default.`)
      reply.header('etag', toETag(document.version))
      return toResponse(document)
    },
  )

  app.get(
    '/',
    {
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'listCacheSpaces',
        summary: 'Every space of the namespace that has a policy',
        tags: ['cache'],
        response: { 200: schemas.SpaceList, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => ({ spaces: (await store.list(request.namespace)).map(toResponse) }),
  )

  app.delete(
    '/:space',
    {
      config: { scope: 'cache:write' },
      schema: {
        operationId: 'deleteCacheSpace',
        summary: 'Remove the policy of a space, not what is stored in it',
        tags: ['cache'],
        params: SpaceParams,
        headers: schemas.WriteHeaders,
        response: {
          204: { description: 'The space caches by default now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'precondition-failed', 'in-config-file'),
        },
      },
    },
    async (request, reply) => {
      const { space } = request.params
      const outcome = await store.remove(request.namespace, space, toPrecondition(request.headers))
      if (outcome === 'precondition-failed') throw preconditionFailed(space)
      if (outcome === 'in-file') throw inFile(space)
      return reply.code(204).send(null)
    },
  )
}

const preconditionFailed = (name: string): Problem =>
  new Problem('precondition-failed', `The policy of ${name} has another version.`)

const inFile = (name: string): Problem =>
  new Problem('in-config-file', `${name} stands in the configuration file.`)

function toResponse({ name, version, value: sent, inFile: isInFile }: SpaceDocument) {
  const value = toPolicy(sent)
  return {
    name,
    ttlMs: value.ttlMs,
    staleMs: value.staleMs,
    idleMs: value.idleMs,
    jitter: value.jitter,
    maxValueBytes: value.maxValueBytes,
    requirePrecondition: value.requirePrecondition,
    l1: value.l1,
    version,
    source: isInFile ? ('file' as const) : ('api' as const),
  }
}
