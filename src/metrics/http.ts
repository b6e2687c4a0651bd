import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Metrics, SECONDS } from './registry.js'

/** A request may wait in a queue for 240 s. */
const WITH_WAITS = [...SECONDS, 5, 10, 30, 60, 120, 240, 300]

/** Of every server of an app. */
export interface HttpMetrics {
  /** Records the duration of an answered request. */
  end(request: FastifyRequest, reply: FastifyReply): void
  /** Counts an error of the HTTP parser, which has no route and no duration. */
  onParserError(code: string): void
  /** Counts a request whose token was refused. */
  onRefusal(reason: string): void
}

export function createHttpMetrics(metrics: Metrics): HttpMetrics {
  const duration = metrics.histogram(
    'lockstep_http_request_duration_seconds',
    'Time from the first byte of a request to the last byte of its answer',
    ['method', 'route', 'status'],
    WITH_WAITS,
  )
  const parserErrors = metrics.counter(
    'lockstep_http_parser_errors_total',
    'Unreadable requests, by the code of their answer',
    ['code'],
  )
  const refusals = metrics.counter(
    'lockstep_http_refused_tokens_total',
    'Requests refused for their token: missing, unknown, expired, without the scope, the name or the namespace',
    ['reason'],
  )
  return {
    end({ method, route: { url = 'none' } }, { isStream, statusCode, elapsedTime }) {
      // The duration of a stream is up to its client; domains count their streams.
      if (!isStream) duration.labels(method, url, statusCode).observe(elapsedTime / 1_000)
    },
    onParserError: (code) => parserErrors.labels(code).inc(),
    onRefusal: (reason) => refusals.labels(reason).inc(),
  }
}
