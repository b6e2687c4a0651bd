import type { FastifyPluginAsync } from 'fastify'
import type { Config } from '../config.js'
import type { Phase } from '../http/draining.js'
import { healthRoutes } from '../http/health.js'
import { operationRoutes } from '../http/operations.js'
import type { Metrics } from '../metrics/registry.js'
import type { Connections } from '../redis/connections.js'
import { notReady } from './readiness.js'
import { statusOf } from './redis-watch.js'
import { version } from './version.js'

export interface OperatorOptions {
  readonly config: Config
  readonly connections: Connections
  readonly metrics: Metrics
  readonly phase: () => Phase
  /** False: only the probes are served. */
  readonly withOperations: boolean
}

/** The probes, the status and the metrics. */
export const operatorRoutes: FastifyPluginAsync<OperatorOptions> = async (app, options) => {
  const { config, connections, metrics, phase, withOperations } = options
  app.register(healthRoutes, { notReady: () => notReady(connections, phase) })
  if (!withOperations) return
  const { cacheProbe } = connections
  app.register(operationRoutes, {
    metrics,
    metricsScope: config.metricsAuth ? 'operations:read' : 'none',
    version,
    readRedis: () => statusOf(connections.commands, connections.probe, false),
    readCacheRedis: cacheProbe && (() => statusOf(connections.cache, cacheProbe, true)),
  })
}
