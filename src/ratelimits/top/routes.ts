import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { TopQuery } from '../../http/top.js'
import { type FrequentKeys, HALF_LIFE_MS } from '../../metrics/frequent-keys.js'
import { PolicyParams } from '../policies/schemas.js'
import type { PolicyStore } from '../policies/store.js'
import { problemResponses, unknownPolicy } from '../problems.js'
import { TopResponse } from './schemas.js'

export interface TopRouteOptions {
  readonly denied: FrequentKeys
  readonly policies: PolicyStore
}

export const topRoutes: FastifyPluginAsyncTypebox<TopRouteOptions> = async (
  app,
  { denied, policies },
) => {
  app.get(
    '/:policy/top',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'listTopDenied',
        summary: 'Whom this process denied most by a policy',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: TopQuery,
        response: { 200: TopResponse, ...problemResponses(...COMMON_PROBLEMS, 'not-found') },
      },
    },
    async ({ namespace, params: { policy }, query }) => {
      if (!(await policies.get(namespace, policy))) throw unknownPolicy(policy)
      const keys = denied.top(namespace, policy, query.limit).map(({ key, count, error }) => ({
        key,
        denials: Math.round(count),
        error: Math.round(error),
      }))
      return { keys, halfLifeMs: HALF_LIFE_MS }
    },
  )
}
