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

/**
 * Boards with exact ranks and seasons.
 *
 * A board is a HASH with its configuration and version; a season adds a few keys. Members sort by
 * bytes (docs/decisions/0011): a score becomes eight of them. A script handles one batch at most;
 * larger reads and submissions go in parts. A call names the version of the board and the seasons
 * around now, and is repeated if the script has others. The registry is in another slot, so it
 * checks a minute later whether the boards that it lists exist.
 */
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
