import { defineDomain, type RunningDomain } from '../domain.js'
import { FrequentKeys } from '../metrics/frequent-keys.js'
import { createDecide } from './checks/decide.js'
import { createTell } from './checks/tell.js'
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
  const isFiled = (name: string) => Object.hasOwn(definitions.current(), name)
  const limitMetrics = createRateLimitMetrics(metrics, isFiled, denied)
  const tell = createTell({ metrics: limitMetrics, headerStyle: settings.ratelimitHeaders })
  const { checks, policies } = stores
  const decide = createDecide({ store: checks, policies, metrics: limitMetrics, tell })
  return {
    async routes(app) {
      app.register(rateLimitRoutes, {
        prefix: '/ratelimits',
        stores,
        decide,
        tell,
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
