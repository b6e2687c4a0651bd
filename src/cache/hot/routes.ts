import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { TopQuery } from '../../http/top.js'
import { type FrequentKeys, HALF_LIFE_MS } from '../../metrics/frequent-keys.js'
import { SpaceParams } from '../fields.js'
import { problemResponses } from '../problems.js'
import { HotResponse } from './schemas.js'

export const hotKeyRoutes: FastifyPluginAsyncTypebox<{ hotKeys: FrequentKeys }> = async (
  app,
  { hotKeys },
) => {
  app.get(
    '/:space/hot',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'listHotCacheKeys',
        summary: 'List the keys that are read most',
        description:
          'The keys of the space that the process that answers is asked for most, found or not. A sketch of 256 counters per space counts them, so the counts are never too low and may be too high by `error`.',
        tags: ['cache'],
        params: SpaceParams,
        querystring: TopQuery,
        response: { 200: HotResponse, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async ({ namespace, params, query }) => ({
      items: hotKeys.top(namespace, params.space, query.limit).map(({ key, count, error }) => ({
        key,
        reads: Math.round(count),
        error: Math.round(error),
      })),
      halfLifeMs: HALF_LIFE_MS,
    }),
  )
}
