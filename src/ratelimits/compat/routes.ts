import { keepPrivate } from '../../http/answer-headers.js'
import type { RateLimitRoutes } from '../services.js'
import { envoyRoutes } from './envoy-routes.js'
import { gubernatorRoutes } from './gubernator-routes.js'

/** The APIs of other rate limit services, at their paths: not a part of the document. */
export const compatRoutes: RateLimitRoutes = async (app, services) => {
  keepPrivate(app)
  app.register(envoyRoutes, services)
  app.register(gubernatorRoutes, services)
}
