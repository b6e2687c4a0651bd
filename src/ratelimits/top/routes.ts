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
        operationId: 'listTopDeniedSubjects',
        summary: 'List the subjects that a policy denies most often',
        description:
          'Counts what the instance that answers denied lately, with bounded memory: `denials` may be ' +
          'too high by `error`, never too low. Ask every instance for the whole.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: TopQuery,
        response: responses(TopResponse, 'policy-not-found'),
      },
    },
    async ({ namespace, params: { policy }, query }) => {
      if (!(await policies.get(namespace, policy))) throw unknownPolicy(policy)
      const items = denied.top(namespace, policy, query.limit).map(({ key, count, error }) => ({
        key,
        denials: Math.round(count),
        error: Math.round(error),
      }))
      return { items, halfLifeMs: HALF_LIFE_MS }
    },
  )
}
