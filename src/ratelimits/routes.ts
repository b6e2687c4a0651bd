import type { FastifyPluginAsync } from 'fastify'
import type { FrequentKeys } from '../metrics/frequent-keys.js'
import { adjustmentRoutes } from './adjustments/routes.js'
import { authzRoutes } from './authz/routes.js'
import type { Answers } from './checks/answer.js'
import type { Decide } from './checks/decide.js'
import { checkRoutes } from './checks/routes.js'
import { overrideRoutes } from './exceptions/override-routes.js'
import { blockRoutes } from './exceptions/routes.js'
import { leaseRoutes } from './leases/routes.js'
import type { RateLimitMetrics } from './metrics.js'
import { policyRoutes } from './policies/routes.js'
import { reservationRoutes } from './reservations/routes.js'
import type { RateLimitStores } from './stores.js'
import { topRoutes } from './top/routes.js'

export interface RateLimitRouteOptions {
  readonly stores: RateLimitStores
  readonly decide: Decide
  readonly answers: Answers
  readonly metrics: RateLimitMetrics
  readonly denied: FrequentKeys
}

/** Everything below /v1/ratelimits, by resource. */
export const rateLimitRoutes: FastifyPluginAsync<RateLimitRouteOptions> = async (
  app,
  { stores, decide, answers, metrics, denied },
) => {
  const { policies } = stores
  app.register(policyRoutes, { store: policies, clear: stores.exceptions.clear })
  app.register(checkRoutes, { decide })
  app.register(authzRoutes, { decide, policies })
  app.register(adjustmentRoutes, { store: stores.adjustments, policies, answers })
  app.register(reservationRoutes, { store: stores.reservations, policies, answers })
  app.register(blockRoutes, { store: stores.exceptions, policies })
  app.register(leaseRoutes, { store: stores.leases, policies, metrics, answers })
  app.register(topRoutes, { denied, policies })
  app.register(overrideRoutes, { store: stores.exceptions, policies })
}
