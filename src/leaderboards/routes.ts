import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { boardRoutes } from './board-routes.js'
import { entryRoutes } from './entry-routes.js'
import { exportRoute } from './export-route.js'
import { queryRoutes } from './query-routes.js'
import { seasonRoutes } from './season-routes.js'
import { type SubmitRouteOptions, submitRoute } from './submit-route.js'

export const leaderboardRoutes: FastifyPluginAsyncTypebox<SubmitRouteOptions> = async (
  app,
  { store, metrics, idempotencyTtlMs },
) => {
  app.register(boardRoutes, { store })
  app.register(submitRoute, { store, metrics, idempotencyTtlMs })
  app.register(entryRoutes, { store })
  app.register(queryRoutes, { store })
  app.register(exportRoute, { store })
  app.register(seasonRoutes, { store })
}
