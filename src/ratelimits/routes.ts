import type { FastifyPluginAsync } from 'fastify'
import { adjustmentRoutes } from './adjustments/routes.js'
import { authzRoutes } from './authz/routes.js'
import { checkRoutes } from './checks/routes.js'
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

/** Everything below /v1/ratelimits, by resource. */
export const rateLimitRoutes: FastifyPluginAsync<Options> = async (app, { services }) => {
  app.register(policyRoutes, services)
  app.register(checkRoutes, services)
  app.register(authzRoutes, services)
  app.register(adjustmentRoutes, services)
  app.register(reservationRoutes, services)
  app.register(blockRoutes, services)
  app.register(leaseRoutes, services)
  app.register(topRoutes, services)
  app.register(overrideRoutes, services)
}
