import type { FastifyPluginAsync } from 'fastify'
import { keepPrivate } from '../../http/answer-headers.js'
import type { Decide } from '../checks/decide.js'
import type { RateLimitStores } from '../stores.js'
import { envoyRoutes } from './envoy-routes.js'
import { gubernatorRoutes } from './gubernator-routes.js'

export interface CompatOptions {
  readonly decide: Decide
  readonly stores: RateLimitStores
}

/** Doors for clients of other services, at the paths that they know. */
export const compatRoutes: FastifyPluginAsync<CompatOptions> = async (app, { decide, stores }) => {
  keepPrivate(app)
  app.register(envoyRoutes, { decide, policies: stores.policies })
  app.register(gubernatorRoutes, { decide, adjustments: stores.adjustments })
}
