import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { boardRoutes } from './boards/routes.js'
import { entryRoutes } from './entries/routes.js'
import { exportRoute } from './export/routes.js'
import { queryRoutes } from './queries/routes.js'
import { seasonRoutes } from './seasons/routes.js'
import { type SubmitRouteOptions, submitRoute } from './submissions/routes.js'

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
