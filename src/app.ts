import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Config } from './config.js'
import { installBodies } from './http/body.js'
import { installDraining } from './http/draining.js'
import { errorPages } from './http/error-pages.js'
import { healthRoutes } from './http/health.js'
import { installNamespaces } from './http/namespace.js'
import { installOpenApi } from './http/openapi.js'
import { installOriginRules } from './http/origin.js'
import { installProblems, Problem, sendProblem, toProblem } from './http/problem.js'
import { installRequestLog, requestId } from './http/request-log.js'
import { statusRoutes } from './http/status.js'
import { compileValidator } from './http/validation.js'
import { createLockMetrics } from './locks/metrics.js'
import { lockRoutes } from './locks/routes.js'
import { createLockStore } from './locks/store.js'
import { observeRequests } from './metrics/http.js'
import { createRedisMetrics } from './metrics/redis.js'
import { createMetrics } from './metrics/registry.js'
import { createBinder } from './redis/binder.js'
import { StoreError } from './redis/errors.js'
import { readFacts } from './redis/facts.js'
import type { Links } from './redis/links.js'
import { version } from './version.js'

export interface AppDeps {
  readonly config: Config
  readonly links: Links
  readonly logger: FastifyBaseLogger
  /** Microseconds added to the server's time; tests drive it, production has none. */
  readonly clockOffsetUs?: () => number
  /** True from the first signal to end on: the instance wants no new traffic. */
  readonly isDraining?: () => boolean
}

/** The path of names that are percent-encoded may be three times as long as the name. */
const MAX_PARAM_LENGTH = 512 * 3
const MAX_BODY_BYTES = 1024 * 1024

/** The only place where domains meet their dependencies. Production and tests both start here. */
export function buildApp(deps: AppDeps): FastifyInstance {
  const { config, links, logger, clockOffsetUs = () => 0, isDraining = () => false } = deps
  const metrics = createMetrics(version)
  const binder = createBinder({
    link: links.commands,
    observer: createRedisMetrics(metrics),
    clockOffsetUs,
  })

  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    requestIdHeader: false,
    // Fastify's own refusal is no problem+json; installDraining answers instead.
    return503OnClosing: false,
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error, request, reply) =>
      void sendProblem(request, reply, toProblem(error, request)),
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setValidatorCompiler(compileValidator)
  installProblems(app, fromStore)
  installRequestLog(app, { slowMs: config.slowRequestMs, sample: config.logSample })
  observeRequests(app, metrics)
  installDraining(app, isDraining)
  installOriginRules(app, {
    allowedHosts: config.allowedHosts,
    loopbackOnly: !config.allowAnonymous,
  })
  installNamespaces(app)
  installBodies(app)

  app.register(async (root) => {
    await installOpenApi(root, version)
    root.register(errorPages)
    root.register(healthRoutes, { notReady: () => notReady(links, isDraining) })
    root.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.expose()),
    )
    root.register(
      async (v1) => {
        v1.addHook('onSend', (_request, reply, _payload, done) => {
          if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'private, no-store')
          done()
        })
        v1.register(statusRoutes, { version, readRedis: () => readFacts(links.commands) })
        v1.register(lockRoutes, {
          prefix: '/locks',
          store: createLockStore({ binder, endedTtlMs: config.endedTtlMs }),
          metrics: createLockMetrics(metrics),
          idempotencyTtlMs: config.idempotencyTtlMs,
        })
      },
      { prefix: '/v1' },
    )
  })

  return app
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
