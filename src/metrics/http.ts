import type { FastifyInstance, onResponseHookHandler } from 'fastify'
import type { Histogram } from 'prom-client'
import type { Metrics } from './registry.js'

type Child = Histogram.Internal<'method' | 'route' | 'status'>

/**
 * Rate, errors and duration by route, of every server it is installed on. Children are looked up
 * once per label set, not per request.
 */
export function createRequestMetrics(metrics: Metrics): (app: FastifyInstance) => void {
  const duration = metrics.histogram(
    'lockstep_http_request_duration_seconds',
    'Time from the first byte of a request to the last byte of its answer',
    ['method', 'route', 'status'],
  )
  const children = new Map<string, Child>()

  const observe: onResponseHookHandler = (request, reply, done) => {
    // A stream lasts as long as its client likes: those that have them count them.
    if (reply.isStream) return done()
    const route = request.routeOptions.url ?? 'none'
    const key = `${request.method} ${route} ${reply.statusCode}`
    let child = children.get(key)
    if (!child) {
      child = duration.labels(request.method, route, String(reply.statusCode)) as Child
      children.set(key, child)
    }
    child.observe(reply.elapsedTime / 1_000)
    done()
  }
  return (app) => void app.addHook('onResponse', observe)
}

/** Counts what the HTTP parser refused, which has no route and no duration. */
export function createParserErrorCount(metrics: Metrics): (code: string) => void {
  const errors = metrics.counter(
    'lockstep_http_parser_errors_total',
    'Requests that could not be read, by the code they were answered with',
    ['code'],
  )
  return (code) => errors.inc({ code })
}

/** Counts the requests whose token did not let them in. */
export function createRefusalCount(metrics: Metrics): (refusal: string) => void {
  const refusals = metrics.counter(
    'lockstep_http_refused_tokens_total',
    'Requests refused for their token: missing, unknown, without the scope or the namespace',
    ['reason'],
  )
  return (reason) => refusals.inc({ reason })
}
