import type { FastifyPluginAsync } from 'fastify'
import { boardRoutes } from './boards/routes.js'
import { entryRoutes } from './entries/routes.js'
import { exportRoute } from './export/routes.js'
import { queryRoutes } from './queries/routes.js'
import { seasonRoutes } from './seasons/routes.js'
import type { LeaderboardServices } from './services.js'
import { submitRoute } from './submissions/routes.js'

interface Options {
  readonly services: LeaderboardServices
}

export const leaderboardRoutes: FastifyPluginAsync<Options> = async (app, { services }) => {
  app.register(boardRoutes, services)
  app.register(submitRoute, services)
  app.register(entryRoutes, services)
  app.register(queryRoutes, services)
  app.register(exportRoute, services)
  app.register(seasonRoutes, services)
}
