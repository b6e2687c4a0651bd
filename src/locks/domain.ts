import type { Redis } from 'ioredis'
import { defineDomain, type RunningDomain } from '../domain.js'
import { layoutOf } from '../redis/layout.js'
import { lockAdminRoutes } from './admin/routes.js'
import { eventRoutes } from './events/routes.js'
import { holdRoutes } from './hold/routes.js'
import type { LockRouteOptions } from './leases/answer.js'
import { lockRoutes } from './leases/routes.js'
import { createCountMetrics, createLockMetrics } from './metrics.js'
import { specs } from './problems.js'
import { capacityRoutes } from './semaphores/capacity-routes.js'
import { semaphoreRoutes } from './semaphores/routes.js'
import { sessionOperatorRoutes } from './sessions/operator-routes.js'
import { sessionRoutes } from './sessions/routes.js'
import { lockSetRoutes } from './sets/routes.js'
import { createLockStore } from './store.js'

declare module '../http/scopes.js' {
  interface Scopes {
    'locks:read': true
    'locks:write': true
  }
}

/**
 * Leases with fences: locks, sets of locks, semaphores and sessions.
 *
 * All are one weighted, queued capacity: a writer takes all of it, a reader one, a semaphore has its
 * own. Every script works on a list of names, so a lock is a set of one. A single holder is kept in
 * one HASH (docs/decisions/0017); from the second on, ZSETs order holders by deadline and by fence.
 * A revocation of all holders is one field, so it applies to all at once; the leases end in parts.
 *
 * `leases/` acquires, renews and releases; `semaphores/` and `sets/` are routes over it,
 * and `semaphores/` stores capacities. `queue/`
 * keeps the requests that wait, and abandons those whose client disconnected. `buckets/` sweeps
 * expired leases at their deadline, and those of a dead instance within a minute. `sessions/` gives
 * leases a common end, and a public id to the secret of each. `events/` and `hold/` are streams.
 * `admin/` lists, verifies and revokes.
 */
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
    createCountMetrics(metrics, store.counts)
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
    app.register(capacityRoutes, { prefix: '/semaphores', ...options })
    app.register(lockSetRoutes, { prefix: '/lock-sets', ...options })
    app.register(sessionRoutes, { prefix: '/sessions', ...options })
    app.register(sessionOperatorRoutes, { prefix: '/sessions', ...options })
  },
  drain: options.store.drain,
  close: options.store.close,
})
