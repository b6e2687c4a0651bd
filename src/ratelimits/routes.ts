import type { FastifyPluginAsync } from 'fastify'
import { adjustmentRoutes } from './adjustments/routes.js'
import { authzRoutes } from './authz/routes.js'
import { checkRoutes } from './checks/routes.js'
import { exceptionListRoutes } from './exceptions/list-routes.js'
import { overrideRoutes } from './exceptions/override-routes.js'
import { blockRoutes } from './exceptions/routes.js'
import { leaseRoutes } from './leases/routes.js'
import { policyRoutes } from './policies/routes.js'
import { reservationRoutes } from './reservations/routes.js'
import type { createServices } from './services.js'
import { topRoutes } from './top/routes.js'

interface Options {
  readonly services: ReturnType<typeof createServices>
}

/** Everything below /v1/ratelimit-policies and /v1/ratelimits, by resource. */
export const rateLimitRoutes: FastifyPluginAsync<Options> = async (app, { services }) => {
  const configuration = { ...services, prefix: '/ratelimit-policies' }
  app.register(policyRoutes, configuration)
  app.register(overrideRoutes, configuration)
  app.register(exceptionListRoutes, configuration)

  const limits = { ...services, prefix: '/ratelimits' }
  app.register(checkRoutes, limits)
  app.register(authzRoutes, limits)
  app.register(adjustmentRoutes, limits)
  app.register(reservationRoutes, limits)
  app.register(blockRoutes, limits)
  app.register(leaseRoutes, limits)
  app.register(topRoutes, limits)
}
