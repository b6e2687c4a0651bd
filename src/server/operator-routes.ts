import type { FastifyPluginAsync } from 'fastify'
import type { Config } from '../config.js'
import type { Phase } from '../http/draining.js'
import { healthRoutes } from '../http/health.js'
import { operationRoutes } from '../http/operations.js'
import type { Metrics } from '../metrics/registry.js'
import type { Links } from '../redis/links.js'
import { notReady } from './readiness.js'
import { statusOf } from './redis-watch.js'
import { version } from './version.js'

export interface OperatorOptions {
  readonly config: Config
  readonly links: Links
  readonly metrics: Metrics
  readonly phase: () => Phase
  /** Without them only the probes are served. */
  readonly withOperations: boolean
}

/** What operators and orchestrators look at: the probes, and the status and metrics. */
export const operatorRoutes: FastifyPluginAsync<OperatorOptions> = async (app, options) => {
  const { config, links, metrics, phase, withOperations } = options
  app.register(healthRoutes, { notReady: () => notReady(links, phase) })
  if (!withOperations) return
  const { cacheProbe } = links
  app.register(operationRoutes, {
    metrics,
    metricsScope: config.metricsAuth ? 'operations:read' : 'none',
    version,
    readRedis: () => statusOf(links.commands, links.probe, false),
    readCacheRedis: cacheProbe && (() => statusOf(links.cache, cacheProbe, true)),
  })
}
