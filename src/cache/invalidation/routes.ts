import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { LIST_BODY_BYTES } from '../../http/body.js'
import { logChange } from '../../http/change-log.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { varyByCaller } from '../entries/answer.js'
import { keysBelow, refuseConditions } from '../entries/request.js'
import { SpaceParams } from '../fields.js'
import type { CacheMetrics } from '../metrics.js'
import { problemResponses } from '../problems.js'
import { InvalidateRequest } from './schemas.js'
import type { InvalidationStore } from './store.js'

export const invalidationRoutes: FastifyPluginAsyncTypebox<{
  store: InvalidationStore
  metrics: CacheMetrics
}> = async (app, { store, metrics }) => {
  varyByCaller(app)
  refuseConditions(app)

  app.post(
    '/:space/invalidate',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'cache:write', names: namesIn },
      schema: {
        operationId: 'invalidateCache',
        summary: 'Invalidate keys, tags or a whole space',
        description:
          'Makes values stale (soft), or ends them (hard). Nothing is scanned: it costs by the names that are sent, not by the values they have. It is answered once every partition has acknowledged; otherwise it is a 503, and repeating it is safe.',
        tags: ['cache'],
        params: SpaceParams,
        body: InvalidateRequest,
        response: {
          204: { description: 'Every partition has acknowledged.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { namespace } = request
      const { space } = request.params
      const { keys, tags, all, mode } = request.body
      if (keys) await store.keys(namespace, space, [...new Set(keys)], mode)
      if (tags) await store.tags(namespace, space, [...new Set(tags)], mode)
      if (all) {
        await store.all(namespace, space, mode)
        logChange(request, 'space.invalidate', { space, mode })
      }
      metrics.invalidated(
        space,
        keys ? 'keys' : tags ? 'tags' : 'all',
        mode,
        (keys ?? tags ?? [1]).length,
      )
      return reply.code(204).send(null)
    },
  )
}

/** Any value of the space may have a tag. */
function namesIn(request: FastifyRequest) {
  const { keys } = request.body as Static<typeof InvalidateRequest>
  return keys ? keysBelow(request, keys) : [(request.params as Static<typeof SpaceParams>).space]
}
