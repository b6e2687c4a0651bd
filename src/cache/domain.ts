import { type DomainDeps, defineDomain, type RunningDomain } from '../domain.js'
import { batchRoutes } from './batches/routes.js'
import { counterRoutes } from './counters/routes.js'
import { entryRoutes } from './entries/routes.js'
import { touchRoutes } from './entries/touch-routes.js'
import { hotKeyRoutes } from './hot/routes.js'
import { invalidationRoutes } from './invalidation/routes.js'
import { leaseRoutes } from './leases/routes.js'
import { createCacheMetrics } from './metrics.js'
import { objectRoutes } from './objects/routes.js'
import { originFaults } from './origins/faults.js'
import { outboxRoutes } from './origins/outbox/routes.js'
import { warmingRoutes } from './origins/warming/routes.js'
import { pipelineRoutes } from './pipeline/routes.js'
import { specs } from './problems.js'
import { spaceRoutes } from './spaces/routes.js'
import { SpaceSection } from './spaces/schemas.js'
import { type AllCacheStores, createCacheStores } from './stores.js'

declare module '../http/scopes.js' {
  interface Scopes {
    'cache:read': true
    'cache:write': true
  }
}

/**
 * Values with versions, leases to load them, and marks that invalidate them.
 *
 * One clock per partition stamps versions, fences, marks and messages. An entry is a STRING with a
 * header; a counter or object keeps its values in a HASH beside it. Scripts compare the header with
 * the marks. A payload above 3 KiB comes by a plain GET, and counts if it has the compared version.
 *
 * `leases/` grants the right to load a key: the callers of one process share one in-flight read, and
 * messages wake them. `l1/` is the memory of the process; it serves an entry only while the messages
 * of the partition prove it valid. `origins/` loads what is missing from the services that own it, under
 * such leases; `origins/writing/` passes writes on, and keeps the loads and writes of a key from undoing each
 * other meanwhile; `origins/outbox/` takes writes and brings them there later. `spaces/` are the policies. `batches/` and `pipeline/`
 * carry many calls. `sweeping/` frees what an ended space or a flush left.
 */
export const cache = defineDomain({
  name: 'cache',
  description: 'Values with versions, leases to load them, and invalidation',
  scopes: ['cache:read', 'cache:write'],
  problems: specs,
  section: { name: 'spaces', schema: SpaceSection, check: originFaults },
  create: (deps) => toRunning(createCacheStores(deps), deps),
})

export function toRunning(
  stores: AllCacheStores,
  deps: Pick<DomainDeps, 'metrics' | 'settings'>,
): RunningDomain {
  const { entries, counters, objects, invalidation, leases, origins, spaces, hotKeys } = stores
  const { usages, sweeper } = stores
  const { settingsOf: policyOf } = spaces
  const { idempotencyTtlMs } = deps.settings
  const metrics = createCacheMetrics(deps.metrics, spaces.labelOf, usages)
  const prefix = '/cache'
  let drainEndsAt = 0
  const common = { prefix, policyOf, metrics, idempotencyTtlMs }
  return {
    async routes(app) {
      app.register(entryRoutes, { ...common, store: entries, leases, origins })
      app.register(leaseRoutes, { prefix, policyOf, store: leases })
      app.register(touchRoutes, { prefix, policyOf, store: entries })
      app.register(batchRoutes, { ...common, store: entries, leases, origins })
      app.register(counterRoutes, { ...common, store: counters })
      app.register(objectRoutes, { ...common, store: objects })
      app.register(invalidationRoutes, { prefix, metrics, store: invalidation })
      app.register(pipelineRoutes, { stores, policyOf, metrics, idempotencyTtlMs })
      app.register(spaceRoutes, { prefix: '/cache-spaces', store: spaces, usages })
      app.register(warmingRoutes, { prefix: '/cache-spaces', origins, policyOf })
      app.register(outboxRoutes, { prefix: '/cache-spaces', outbox: stores.overview })
      app.register(hotKeyRoutes, { prefix: '/cache-spaces', hotKeys })
    },
    drain() {
      drainEndsAt = performance.now() + deps.settings.drainTimeoutMs
      origins.drain()
      leases.drain()
    },
    async close() {
      await origins.close(drainEndsAt)
      sweeper.close()
      spaces.close()
    },
  }
}
