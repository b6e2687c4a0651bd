import { defineDomain, type RunningDomain } from '../domain.js'
import { FrequentKeys } from '../metrics/frequent-keys.js'
import { createAnswers } from './checks/answer.js'
import { createDecide } from './checks/decide.js'

import { compatRoutes } from './compat/routes.js'
import { createRateLimitMetrics } from './metrics.js'
import { policySection } from './policies/section.js'
import { specs } from './problems.js'
import { rateLimitRoutes } from './routes.js'
import { createRateLimitStores, type RateLimitDeps, type RateLimitStores } from './stores.js'

declare module '../http/scopes.js' {
  interface Scopes {
    'ratelimits:read': true
    'ratelimits:write': true
  }
}

/** Limits that are checked together, all or nothing. */
export const ratelimits = defineDomain({
  name: 'ratelimits',
  description: 'Several limits, all or nothing',
  scopes: ['ratelimits:read', 'ratelimits:write'],
  problems: specs,
  section: { name: 'policies', ...policySection },
  create: (deps) => toRunning(createRateLimitStores(deps), deps),
})

export function toRunning(
  stores: RateLimitStores,
  { settings, metrics, definitions }: RateLimitDeps,
): RunningDomain {
  const denied = new FrequentKeys()
  const limitMetrics = createRateLimitMetrics(metrics, definitions, denied)
  const answers = createAnswers({ metrics: limitMetrics, headerStyle: settings.ratelimitHeaders })
  const { checks, policies } = stores
  const decide = createDecide({ store: checks, policies, metrics: limitMetrics, answers })
  return {
    async routes(app) {
      app.register(rateLimitRoutes, {
        prefix: '/ratelimits',
        stores,
        decide,
        answers,
        metrics: limitMetrics,
        denied,
      })
    },
    async compatRoutes(app) {
      app.register(compatRoutes, { decide, stores })
    },
    close: () => policies.close(),
  }
}
