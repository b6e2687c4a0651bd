import type { FastifyPluginAsync } from 'fastify'
import { adjustmentRoutes } from './adjustments/routes.js'
import { authzRoutes } from './authz/routes.js'
import type { Decide } from './checks/decide.js'
import type { HeaderStyle } from './checks/headers.js'
import { checkRoutes } from './checks/routes.js'
import { overrideRoutes } from './exceptions/override-routes.js'
import { blockRoutes } from './exceptions/routes.js'
import { policyRoutes } from './policies/routes.js'
import type { RateLimitStores } from './stores.js'

export interface RateLimitRouteOptions {
  readonly stores: RateLimitStores
  readonly decide: Decide
  readonly headerStyle: HeaderStyle
}

/** Everything below /v1/ratelimits, by resource. */
export const rateLimitRoutes: FastifyPluginAsync<RateLimitRouteOptions> = async (
  app,
  { stores, decide, headerStyle },
) => {
  const { policies } = stores
  app.register(policyRoutes, { store: policies })
  app.register(checkRoutes, { decide })
  app.register(authzRoutes, { decide, policies })
  app.register(adjustmentRoutes, { store: stores.adjustments, policies, headerStyle })
  app.register(blockRoutes, { store: stores.exceptions, policies })
  app.register(overrideRoutes, { store: stores.exceptions, policies })
}
