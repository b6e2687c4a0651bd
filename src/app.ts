/** The composition root of production and tests: gives each domain its dependencies. */

import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { type LastRead, type OnReload, toLive } from './config/reload.js'
import { type Config, definitionsOf, scopesOf } from './config.js'
import type { RedisAccess, RunningDomain } from './domain.js'
import { DOMAINS } from './domains.js'
import { keepPrivate } from './http/answer-headers.js'
import { docsPage } from './http/docs-page.js'
import type { Phase } from './http/draining.js'
import { errorPages } from './http/error-pages.js'
import { Load } from './http/load.js'
import { otherMethods } from './http/methods.js'
import { installOpenApi } from './http/openapi.js'
import { collectProblems } from './http/problem-codes.js'
import type { CurrentRequest } from './http/request-timing.js'
import { Keyring } from './http/tokens.js'
import { createHttpMetrics } from './metrics/http.js'
import { createInstanceMetrics } from './metrics/instance.js'
import { createLoadMetrics, createShedCounter } from './metrics/load.js'
import { createRedisMetrics } from './metrics/redis.js'
import { createMetrics, type Metrics } from './metrics/registry.js'
import { createBinder } from './redis/binder.js'
import type { Connections } from './redis/connections.js'
import { RaisedFindings } from './redis/raised-findings.js'
import { ping } from './redis/servers.js'
import { bookRoutes } from './server/book/routes.js'
import { operatorRoutes } from './server/operator-routes.js'
import { notReady } from './server/readiness.js'
import { watchRedis } from './server/redis-watch.js'
import { createServer } from './server/server.js'
import type { TlsOptions } from './server/tls.js'
import { version } from './server/version.js'

export interface AppDeps {
  readonly config: Config
  readonly connections: Connections
  readonly logger: FastifyBaseLogger
  /** Microseconds added to the server's time; tests drive it, production has none. */
  readonly clockOffsetUs?: () => number
  /** Domains register here for changes of the configuration file. */
  readonly onReload?: OnReload<Config>
  readonly phase?: () => Phase
  readonly tls?: TlsOptions | undefined
  /** The current certificate: a renewal replaces the one of `tls`. */
  readonly certificate?: () => string | undefined
  readonly lastRead?: () => LastRead
}

export interface Apps {
  readonly app: FastifyInstance
  /** The server for operators, if `adminHost` gives it an address of its own. */
  readonly admin: FastifyInstance | undefined
}

export function buildApp(deps: AppDeps, domains = DOMAINS, access = accessRedis): Apps {
  const { config, connections, logger, tls, onReload = () => {}, phase = () => 'serving' } = deps
  const metrics = createMetrics(version)
  const current: CurrentRequest = { timing: undefined }
  const keyring = new Keyring(config.definitions.tokens, scopesOf(domains))
  onReload(({ definitions }) => keyring.replace(definitions.tokens))
  createInstanceMetrics(metrics, {
    isReady: () => notReady(connections, phase) === undefined,
    isDraining: () => phase() !== 'serving',
    lastRead: deps.lastRead ?? (() => STARTED),
    certificate: deps.certificate ?? (() => tls?.cert),
    tokenEnds: (nowMs) => keyring.nextEnds(nowMs),
  })
  const raised = new RaisedFindings()
  const redis = access({ ...deps, raised }, metrics, current)
  const running = domains.map((domain) => {
    const definitions = toLive(config, onReload, (now) => definitionsOf(now, domain))
    return domain.create({ ...redis, settings: config, metrics, definitions })
  })

  const http = createHttpMetrics(metrics)
  const load = new Load(config, () => ping(connections.commands), createShedCounter(metrics))
  createLoadMetrics(metrics, load)
  const server = { config, logger, metrics, http, load, keyring, tls, phase, current }
  const app = createServer(server)
  const admin = config.adminHost === '' ? undefined : createServer(server)
  const operators = { config, connections, metrics, load, phase, raised }
  const problems = collectProblems(domains)
  admin?.register(errorPages, { problems })
  admin?.register(operatorRoutes, { ...operators, withOperations: true })
  app.register(async (root) => {
    await installOpenApi(root, version, domains)
    root.register(docsPage)
    root.register(errorPages, { problems })
    root.register(bookRoutes)
    root.register(operatorRoutes, { ...operators, withOperations: !admin })
    if (config.compat) registerCompat(root, running)
    root.register(
      async (v1) => {
        keepPrivate(v1)
        for (const { routes } of running) v1.register(routes)
      },
      { prefix: '/v1' },
    )
  })
  app.register(otherMethods)
  admin?.register(otherMethods)

  // Before the server waits for open requests: those in a queue would delay it.
  app.addHook('preClose', async () => {
    for (const { drain } of running) drain?.()
  })
  app.addHook('onClose', async () => {
    load.overload.close()
    for (const { close } of running) await close?.()
  })
  return { app, admin }
}

function registerCompat(root: FastifyInstance, running: readonly RunningDomain[]): void {
  for (const { compatRoutes } of running) if (compatRoutes) root.register(compatRoutes)
}

/** For an instance that reads its configuration once. */
const STARTED: LastRead = { isGood: true, atMs: Date.now() }

function accessRedis(
  deps: AppDeps & Pick<RedisAccess, 'raised'>,
  metrics: Metrics,
  current: CurrentRequest,
): RedisAccess {
  const { connections, clockOffsetUs } = deps
  const common = {
    observer: createRedisMetrics(metrics),
    clockOffsetUs: clockOffsetUs ?? (() => 0),
    timing: () => current.timing,
  }
  return {
    connections,
    binder: createBinder({ connection: connections.commands, ...common }),
    cacheBinder: createBinder({ connection: connections.cache, ...common }),
    memory: watchRedis(deps, metrics),
    raised: deps.raised,
    clockOffsetUs,
  }
}
