import type { FastifyInstance } from 'fastify'
import { batchRoutes } from './cache/batches/routes.js'
import { counterRoutes } from './cache/counters/routes.js'
import { entryRoutes } from './cache/entries/routes.js'
import { touchRoutes } from './cache/entries/touch-routes.js'
import { hotKeyRoutes } from './cache/hot/routes.js'
import { invalidationRoutes } from './cache/invalidation/routes.js'
import { leaseRoutes } from './cache/leases/routes.js'
import { createCacheMetrics } from './cache/metrics.js'
import { objectRoutes } from './cache/objects/routes.js'
import { pipelineRoutes } from './cache/pipeline/routes.js'
import { spaceRoutes } from './cache/spaces/routes.js'
import { errorPages } from './http/error-pages.js'
import { healthRoutes } from './http/health.js'
import { installOpenApi } from './http/openapi.js'
import { operationRoutes } from './http/operations.js'
import { keepPrivate } from './http/private.js'
import { Problem } from './http/problem.js'
import { createKeyring } from './http/tokens.js'
import type { Turn } from './http/turn.js'
import { memberRoutes } from './leaderboards/member-routes.js'
import { createLeaderboardMetrics } from './leaderboards/metrics.js'
import { leaderboardRoutes } from './leaderboards/routes.js'
import { lockAdminRoutes } from './locks/admin/routes.js'
import { eventRoutes } from './locks/events/routes.js'
import { holdRoutes } from './locks/hold/routes.js'
import { createLockMetrics } from './locks/metrics.js'
import { lockRoutes } from './locks/routes.js'
import { semaphoreRoutes } from './locks/semaphores/routes.js'
import { sessionRoutes } from './locks/sessions/routes.js'
import { lockSetRoutes } from './locks/sets/routes.js'
import { FrequentKeys } from './metrics/frequent-keys.js'
import { createRequestMetrics } from './metrics/http.js'
import { createMetrics } from './metrics/registry.js'
import { createDecide } from './ratelimits/checks/decide.js'
import { createTell } from './ratelimits/checks/tell.js'
import { compatRoutes } from './ratelimits/compat/routes.js'
import { createRateLimitMetrics } from './ratelimits/metrics.js'
import { rateLimitRoutes } from './ratelimits/routes.js'
import { StoreError } from './redis/errors.js'
import type { Links } from './redis/links.js'
import { statusOf } from './redis-watch.js'
import { createServer } from './server.js'
import { createStores, type StoreDeps } from './stores.js'
import type { TlsOptions } from './tls.js'
import { version } from './version.js'

export interface AppDeps extends StoreDeps {
  /** True from the first signal to end on: the instance wants no new traffic. */
  readonly isDraining?: () => boolean
  readonly tls?: TlsOptions | undefined
}

export interface Apps {
  readonly app: FastifyInstance
  /** What operators look at, where it has an address of its own: `adminHost`. */
  readonly admin: FastifyInstance | undefined
}

/**
 * The only place where domains meet their dependencies. Production and tests both start here.
 * @param makeStores replaced by the benchmark alone, whose echo server is this app without Redis.
 */
export function buildApp(deps: AppDeps, makeStores = createStores): Apps {
  const { config, links, logger, isDraining = () => false } = deps
  const metrics = createMetrics(version)
  const lockMetrics = createLockMetrics(metrics)
  const turn: Turn = { meter: undefined }
  const stores = makeStores(deps, metrics, lockMetrics, turn)
  const keyring = createKeyring(config.definitions.tokens)
  let filed = config.definitions.policies
  deps.onReload?.(({ definitions }) => {
    keyring.replace(definitions.tokens)
    filed = definitions.policies
  })
  const server = {
    config,
    logger,
    metrics,
    observe: createRequestMetrics(metrics),
    keyring,
    tls: deps.tls,
    isDraining,
    turn,
    translate: fromStore,
  }
  const app = createServer(server)
  const probes = { notReady: () => notReady(links, isDraining) }
  const operations = {
    metrics,
    metricsScope: config.metricsAuth ? 'operations:read' : 'none',
    version,
    readRedis: () => statusOf(links.commands, false),
    readCacheRedis: links.cacheProbe && (() => statusOf(links.cache, true).catch(() => null)),
  } as const
  const admin = config.adminHost === '' ? undefined : createServer(server)
  admin?.register(errorPages)
  admin?.register(healthRoutes, probes)
  admin?.register(operationRoutes, operations)

  app.register(async (root) => {
    await installOpenApi(root, version)
    root.register(errorPages)
    root.register(healthRoutes, probes)
    if (!admin) root.register(operationRoutes, operations)
    const denied = new FrequentKeys()
    const isFiled = (name: string) => Object.hasOwn(filed, name)
    const limitMetrics = createRateLimitMetrics(metrics, isFiled, denied)
    const tell = createTell({
      metrics: limitMetrics,
      headerStyle: config.ratelimitHeaders,
    })
    const decide = createDecide({
      store: stores.ratelimits.checks,
      policies: stores.ratelimits.policies,
      metrics: limitMetrics,
      tell,
    })
    root.register(compatRoutes, { decide, stores: stores.ratelimits })
    root.register(
      async (v1) => {
        keepPrivate(v1)
        v1.register(memberRoutes, {
          store: stores.leaderboards,
          idempotencyTtlMs: config.idempotencyTtlMs,
        })
        v1.register(leaderboardRoutes, {
          prefix: '/leaderboards',
          store: stores.leaderboards,
          metrics: createLeaderboardMetrics(metrics),
          idempotencyTtlMs: config.idempotencyTtlMs,
        })
        const locks = {
          store: stores.locks,
          metrics: lockMetrics,
          idempotencyTtlMs: config.idempotencyTtlMs,
        }
        v1.register(lockRoutes, { prefix: '/locks', ...locks })
        v1.register(lockAdminRoutes, { prefix: '/locks', ...locks })
        v1.register(holdRoutes, { prefix: '/locks', ...locks })
        v1.register(eventRoutes, { prefix: '/locks', ...locks })
        v1.register(semaphoreRoutes, { prefix: '/semaphores', ...locks })
        v1.register(lockSetRoutes, { prefix: '/lock-sets', ...locks })
        v1.register(sessionRoutes, { prefix: '/sessions', ...locks })
        v1.register(rateLimitRoutes, {
          prefix: '/ratelimits',
          stores: stores.ratelimits,
          decide,
          tell,
          metrics: limitMetrics,
          denied,
        })
        const cacheMetrics = createCacheMetrics(metrics, stores.cache.spaces.labelOf)
        v1.register(entryRoutes, {
          prefix: '/cache',
          store: stores.cache.entries,
          leases: stores.cache.leases,
          policyOf: stores.cache.spaces.policyOf,
          metrics: cacheMetrics,
          idempotencyTtlMs: config.idempotencyTtlMs,
        })
        v1.register(leaseRoutes, {
          prefix: '/cache',
          store: stores.cache.leases,
          policyOf: stores.cache.spaces.policyOf,
        })
        v1.register(touchRoutes, {
          prefix: '/cache',
          store: stores.cache.entries,
          policyOf: stores.cache.spaces.policyOf,
        })
        v1.register(spaceRoutes, { prefix: '/cache-spaces', store: stores.cache.spaces })
        v1.register(hotKeyRoutes, { prefix: '/cache-spaces', hotKeys: stores.cache.hotKeys })
        v1.register(batchRoutes, {
          prefix: '/cache',
          store: stores.cache.entries,
          leases: stores.cache.leases,
          policyOf: stores.cache.spaces.policyOf,
          metrics: cacheMetrics,
          idempotencyTtlMs: config.idempotencyTtlMs,
        })
        v1.register(pipelineRoutes, {
          stores: stores.cache,
          policyOf: stores.cache.spaces.policyOf,
          metrics: cacheMetrics,
          idempotencyTtlMs: config.idempotencyTtlMs,
        })
        v1.register(counterRoutes, {
          prefix: '/cache',
          store: stores.cache.counters,
          policyOf: stores.cache.spaces.policyOf,
          metrics: cacheMetrics,
          idempotencyTtlMs: config.idempotencyTtlMs,
        })
        v1.register(objectRoutes, {
          prefix: '/cache',
          store: stores.cache.objects,
          policyOf: stores.cache.spaces.policyOf,
          metrics: cacheMetrics,
          idempotencyTtlMs: config.idempotencyTtlMs,
        })
        v1.register(invalidationRoutes, {
          prefix: '/cache',
          store: stores.cache.invalidation,
          metrics: cacheMetrics,
        })
      },
      { prefix: '/v1' },
    )
  })

  // Before the server waits for open requests: those that stand in a queue would keep it waiting.
  app.addHook('preClose', async () => {
    stores.locks.drain()
    stores.cache.leases.drain()
  })
  app.addHook('onClose', async () => stores.locks.close())
  return { app, admin }
}

const notReady = (links: Links, isDraining: () => boolean) => {
  if (isDraining()) return 'draining'
  return links.probe.isUp() ? undefined : 'store-unavailable'
}

/** The one place where an outage of Redis becomes an answer. */
function fromStore(error: unknown): Problem | undefined {
  if (!(error instanceof StoreError)) return undefined
  const { code, message, reason } = error
  return new Problem(code, message, {
    ...(code !== 'outcome-unknown' && { retryAfterMs: 1_000 }),
    ...(reason && { extensions: { reason } }),
  })
}
