import { TopQuery } from '../../http/top.js'
import { HALF_LIFE_MS } from '../../metrics/frequent-keys.js'
import { PolicyParams } from '../policies/schemas.js'
import { responses, unknownPolicy } from '../problems.js'
import type { RateLimitRoutes } from '../services.js'
import { TopResponse } from './schemas.js'

export const topRoutes: RateLimitRoutes = async (app, { denied, policies }) => {
  app.get(
    '/:policy/top',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'listTopDenied',
        summary: 'The subjects of a policy that this process denied most often',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: TopQuery,
        response: responses(TopResponse, 'policy-not-found'),
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
