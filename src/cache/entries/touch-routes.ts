import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { toETag } from '../../http/etag.js'
import { EntryParams, ETAG } from '../fields.js'
import { outboxPending } from '../origins/writing/answer.js'
import { miss, preconditionFailed, varyByCaller } from './answer.js'
import { keyOf, refuseHeaders, toCondition } from './request.js'
import type { EntryRouteOptions } from './routes.js'
import * as schemas from './schemas.js'

/** Not among the routes of values, because its body is JSON. */
export const touchRoutes: FastifyPluginAsyncTypebox<
  Pick<EntryRouteOptions, 'store' | 'policyOf'>
> = async (app, { store, policyOf }) => {
  varyByCaller(app)
  refuseHeaders(app, ['if-fence'])

  app.post(
    '/:space/:key/touch',
    {
      config: { scope: 'cache:write', queryFields: ['ttlMs'] },
      schema: {
        operationId: 'touchCacheEntry',
        summary: 'Start the time of a fresh value again',
        description:
          'Sets how long a fresh value of any kind stays fresh, less the jitter of the space, under the version it has. A value that is stale stays stale, and is 404 here.',
        tags: ['cache'],
        params: EntryParams,
        querystring: schemas.TouchFields,
        headers: schemas.TouchHeaders,
        body: schemas.TouchRequest,
        response: {
          204: {
            description: 'Fresh for that long, under the version it had.',
            type: 'null',
            headers: ETAG,
          },
          ...schemas.missResponses('precondition-failed', 'outbox-pending'),
        },
      },
    },
    async (request, reply) => {
      const key = await keyOf(request, policyOf)
      const { ttlMs = key.policy.ttlMs } = request.body
      const { state, version } = await store.touch(key, ttlMs, toCondition(request.headers))
      if (state === 'refused') throw preconditionFailed(reply, key.key, version)
      if (state === 'outbox-pending') throw outboxPending()
      if (state !== 'fresh') throw miss(reply, state)
      reply.header('etag', toETag(version))
      return reply.code(204).send(null)
    },
  )
}
