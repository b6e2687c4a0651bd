import type { Redis } from 'ioredis'
import { defineDomain, type RunningDomain } from '../domain.js'
import { layoutOf } from '../redis/layout.js'
import { lockAdminRoutes } from './admin/routes.js'
import { eventRoutes } from './events/routes.js'
import { holdRoutes } from './hold/routes.js'
import type { LockRouteOptions } from './leases/answer.js'
import { lockRoutes } from './leases/routes.js'
import { createLockMetrics } from './metrics.js'
import { specs } from './problems.js'
import { semaphoreRoutes } from './semaphores/routes.js'
import { sessionRoutes } from './sessions/routes.js'
import { lockSetRoutes } from './sets/routes.js'
import { createLockStore } from './store.js'

declare module '../http/scopes.js' {
  interface Scopes {
    'locks:read': true
    'locks:write': true
  }
}

/** Leases with fences: locks, sets of locks, semaphores and sessions. */
export const locks = defineDomain({
  name: 'locks',
  description: 'Leases with fences',
  scopes: ['locks:read', 'locks:write'],
  problems: specs,
  create({ settings, metrics, connections, binder, clockOffsetUs }) {
    const lockMetrics = createLockMetrics(metrics)
    const store = createLockStore({
      binder,
      layout: layoutOf(connections.commands),
      pubSub: connections.pubSub,
      client: () => connections.commands.client as Redis,
      metrics: lockMetrics,
      endedTtlMs: settings.endedTtlMs,
      clockOffsetUs,
    })
    lockMetrics.countWaiters(store.waiters)
    const { idempotencyTtlMs } = settings
    return toRunning({ store, metrics: lockMetrics, idempotencyTtlMs })
  },
})

export const toRunning = (options: LockRouteOptions): RunningDomain => ({
  async routes(app) {
    app.register(lockRoutes, { prefix: '/locks', ...options })
    app.register(lockAdminRoutes, { prefix: '/locks', ...options })
    app.register(holdRoutes, { prefix: '/locks', ...options })
    app.register(eventRoutes, { prefix: '/locks', ...options })
    app.register(semaphoreRoutes, { prefix: '/semaphores', ...options })
    app.register(lockSetRoutes, { prefix: '/lock-sets', ...options })
    app.register(sessionRoutes, { prefix: '/sessions', ...options })
  },
  drain: options.store.drain,
  close: options.store.close,
})
