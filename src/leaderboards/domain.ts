import { type DomainDeps, defineDomain, type RunningDomain } from '../domain.js'
import { compileTemplates, leaderboardSection } from './boards/templates.js'
import { memberRoutes } from './members/routes.js'
import { createLeaderboardMetrics } from './metrics.js'
import { specs } from './problems.js'
import { leaderboardRoutes } from './routes.js'
import { createLeaderboardStore, type LeaderboardStore } from './store.js'

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
  create({ settings, metrics, definitions, binder }) {
    const store = createLeaderboardStore({ binder })
    definitions.follow((templates) => store.replaceTemplates(compileTemplates(templates)))
    return toRunning(store, { settings, metrics })
  },
})

export const toRunning = (
  store: LeaderboardStore,
  { settings, metrics }: Pick<DomainDeps, 'settings' | 'metrics'>,
): RunningDomain => ({
  async routes(app) {
    const { idempotencyTtlMs } = settings
    app.register(leaderboardRoutes, {
      prefix: '/leaderboards',
      store,
      metrics: createLeaderboardMetrics(metrics),
      idempotencyTtlMs,
    })
    app.register(memberRoutes, { store, idempotencyTtlMs })
  },
})
