/** Fastify with everything that applies to every request; listeners, TLS, stop signals, probes, status. */

import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Config } from '../config.js'
import { installAdmission } from '../http/admission.js'
import { setHeaders } from '../http/answer-headers.js'
import { createRefusalLog, installAuth } from '../http/auth.js'
import { BODY_BYTES, ignoreTypeOfNothing, installBodies } from '../http/body.js'
import { boundConnections } from '../http/connection-bound.js'
import { installDraining, type Phase } from '../http/draining.js'
import { installEventStreams } from '../http/event-stream.js'
import { lazily } from '../http/lazily.js'
import type { Load } from '../http/load.js'
import { installMethods } from '../http/methods.js'
import { createOriginRules } from '../http/origin.js'
import { createParserErrorHandler } from '../http/parser-errors.js'
import { installRequestHooks } from '../http/request-hooks.js'
import { requestIdOf } from '../http/request-id.js'
import { installRequestLog } from '../http/request-log.js'
import { type CurrentRequest, installRequestTiming } from '../http/request-timing.js'
import { installProblems, routeAgain } from '../http/send-problem.js'
import type { Keyring } from '../http/tokens.js'
import { compileValidator } from '../http/validation.js'
import { LazyLogger } from '../logging/lazy-logger.js'
import type { HttpMetrics } from '../metrics/http.js'
import type { Metrics } from '../metrics/registry.js'
import { storeProblem } from './store-problems.js'
import type { TlsOptions } from './tls.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly metrics: Metrics
  }
}

export interface ServerOptions {
  readonly config: Config
  readonly logger: FastifyBaseLogger
  readonly metrics: Metrics
  /** Shared by the servers of one app. */
  readonly http: HttpMetrics
  /** Shared as well. */
  readonly load: Load
  readonly keyring: Keyring
  /** Undefined: plain HTTP. */
  readonly tls?: TlsOptions | undefined
  readonly phase: () => Phase
  readonly current: CurrentRequest
}

/** A percent-encoded name is at most three times as long. */
const MAX_PARAM_LENGTH = 512 * 3

const toSocketOptions = (requestTimeoutMs: number) => ({
  // A longer one would make Node swap the two and wait a minute for a body.
  headersTimeout: requestTimeoutMs,
  // Only a server with TLS has handshakes.
  handshakeTimeout: requestTimeoutMs,
  // How often Node looks for slow requests; by default every 30 s.
  connectionsCheckingInterval: 1_000,
  // Node's refusal is no problem+json; the rules about Host refuse such a request.
  requireHostHeader: false,
  // Detects a vanished client within half a minute, also while it waits for a lock.
  keepAlive: true,
  keepAliveInitialDelay: 20_000,
})

const checksHost = ({ hostCheck, allowAnonymous }: Config, keyring: Keyring): boolean =>
  hostCheck === 'auto' ? !allowAnonymous && !keyring.isLocked : hostCheck === 'on'

const buildSerializer = SerializerSelector()

const buildLazySerializer: typeof buildSerializer = (...options) => {
  const compile = buildSerializer(...options)
  return (route) => lazily(() => compile(route))
}

/** Fastify with everything that applies to every request, and no route. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { config, logger, metrics, http, load, keyring, phase, tls, current } = options
  const sockets = toSocketOptions(config.requestTimeoutMs)
  const app = Fastify({
    // Routes work alike with both, so the type does not distinguish them.
    ...((tls ? { https: { ...sockets, ...tls } } : { http: sockets }) as object),
    loggerInstance: new LazyLogger(() => logger) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    // Fastify's refusal is no problem+json; installDraining answers instead.
    return503OnClosing: false,
    // A busy machine may take long to start.
    pluginTimeout: 0,
    bodyLimit: BODY_BYTES,
    schemaController: { compilersFactory: { buildSerializer: buildLazySerializer } },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: routeAgain,
    requestTimeout: config.requestTimeoutMs,
    clientErrorHandler: createParserErrorHandler({
      logger,
      timeoutMs: config.requestTimeoutMs,
      onError: http.onParserError,
    }),
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.decorate('metrics', metrics)
  app.setValidatorCompiler(compileValidator)
  installMethods(app)
  installProblems(app, storeProblem)
  installBodies(app)
  installRequestTiming(app, current)
  installEventStreams(app)
  const excess = boundConnections(app.server, load, tls !== undefined)
  installRequestHooks(app, {
    first: [
      setHeaders,
      installDraining(app, phase),
      installAdmission(app, load, excess),
      createOriginRules(config.allowedHosts, () => checksHost(config, keyring)),
      installAuth(app, keyring),
      ignoreTypeOfNothing,
    ],
    last: [
      installRequestLog(app, { slowMs: config.slowRequestMs, sample: config.logSample }),
      http.end,
      createRefusalLog(app, http.onRefusal),
    ],
  })
  return app
}
