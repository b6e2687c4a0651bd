import { defineDomain } from '../domain.js'
import { compileTemplates, leaderboardSection } from './boards/templates.js'
import { memberRoutes } from './members/routes.js'
import { createLeaderboardMetrics } from './metrics.js'
import { specs } from './problems.js'
import { leaderboardRoutes } from './routes.js'
import { createLeaderboardStore } from './store.js'

declare module '../http/scopes.js' {
  interface Scopes {
    'leaderboards:read': true
    'leaderboards:write': true
  }
}

/** Boards with exact ranks and seasons. */
export const leaderboards = defineDomain({
  name: 'leaderboards',
  description: 'Exact ranks',
  scopes: ['leaderboards:read', 'leaderboards:write'],
  problems: specs,
  section: { name: 'leaderboards', ...leaderboardSection },
  create({ settings: { idempotencyTtlMs }, metrics, definitions, binder }) {
    const store = createLeaderboardStore({ binder })
    definitions.follow((templates) => store.replaceTemplates(compileTemplates(templates)))
    const services = { store, metrics: createLeaderboardMetrics(metrics), idempotencyTtlMs }
    return {
      async routes(app) {
        app.register(leaderboardRoutes, { prefix: '/leaderboards', services })
        app.register(memberRoutes, services)
      },
    }
  },
})
