import type { FastifyPluginAsync } from 'fastify'
import type { Config } from '../config.js'
import type { Phase } from '../http/draining.js'
import type { Load } from '../http/load.js'
import type { Metrics } from '../metrics/registry.js'
import type { Connections } from '../redis/connections.js'
import type { RaisedFindings } from '../redis/raised-findings.js'
import { operationRoutes } from './operations.js'
import { probeRoutes } from './probes.js'

export interface OperatorOptions {
  readonly config: Config
  readonly connections: Connections
  readonly metrics: Metrics
  readonly load: Load
  readonly raised: RaisedFindings
  readonly phase: () => Phase
  /** False: only the probes are served. */
  readonly withOperations: boolean
}

/** The probes, the status and the metrics. */
export const operatorRoutes: FastifyPluginAsync<OperatorOptions> = async (app, options) => {
  app.register(probeRoutes, options)
  if (options.withOperations) app.register(operationRoutes, options)
}
