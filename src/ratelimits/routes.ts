import type { FastifyPluginAsync } from 'fastify'
import { adjustmentRoutes } from './adjustments/routes.js'
import type { HeaderStyle } from './checks/headers.js'
import { checkRoutes } from './checks/routes.js'
import { overrideRoutes } from './exceptions/override-routes.js'
import { blockRoutes } from './exceptions/routes.js'
import type { RateLimitMetrics } from './metrics.js'
import { policyRoutes } from './policies/routes.js'
import type { RateLimitStores } from './stores.js'

export interface RateLimitRouteOptions {
  readonly stores: RateLimitStores
  readonly metrics: RateLimitMetrics
  readonly headerStyle: HeaderStyle
}

/** Everything below /v1/ratelimits, by resource. */
export const rateLimitRoutes: FastifyPluginAsync<RateLimitRouteOptions> = async (
  app,
  { stores, metrics, headerStyle },
) => {
  const { policies } = stores
  app.register(policyRoutes, { store: policies })
  app.register(checkRoutes, { store: stores.checks, policies, metrics, headerStyle })
  app.register(adjustmentRoutes, { store: stores.adjustments, policies, headerStyle })
  app.register(blockRoutes, { store: stores.exceptions, policies })
  app.register(overrideRoutes, { store: stores.exceptions, policies })
}
