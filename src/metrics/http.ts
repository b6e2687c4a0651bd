import type { Server } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { atScrape, type Metrics, SECONDS } from './registry.js'

/** A request may wait in a queue for 240 s. */
const WITH_WAITS = [...SECONDS, 5, 10, 30, 60, 120, 240, 300]

/** Of every server of an app. */
export interface HttpMetrics {
  /** Counts the connections of one more server. */
  watch(server: Server): void
  /** Counts a request in flight until it is over. */
  begin(request: FastifyRequest, reply: FastifyReply): void
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
    ...createLoadMetrics(metrics),
    end({ method, route: { url = 'none' } }, { isStream, statusCode, elapsedTime }) {
      // The duration of a stream is up to its client; domains count their streams.
      if (!isStream) duration.labels(method, url, statusCode).observe(elapsedTime / 1_000)
    },
    onParserError: (code) => parserErrors.labels(code).inc(),
    onRefusal: (reason) => refusals.labels(reason).inc(),
  }
}

function createLoadMetrics(metrics: Metrics): Pick<HttpMetrics, 'watch' | 'begin'> {
  const servers: Server[] = []
  let running = 0
  const inFlight = metrics.gauge(
    'lockstep_http_requests_in_flight',
    'Requests without a complete answer, including waiting ones and open streams',
  )
  const connections = metrics.gauge('lockstep_http_connections', 'Open connections of clients')
  atScrape(inFlight, () => inFlight.set(running))
  atScrape(connections, async () => {
    const counts = await Promise.all(servers.map(countConnections))
    connections.set(counts.reduce((sum, count) => sum + count, 0))
  })
  const end = () => {
    running -= 1
  }
  return {
    watch: (server) => void servers.push(server),
    begin(_request, reply) {
      running += 1
      // Fires once, also for a client that disconnected, for which no hook runs.
      reply.raw.on('close', end)
    },
  }
}

const countConnections = (server: Server): Promise<number> =>
  new Promise((resolve) => server.getConnections((error, count) => resolve(error ? 0 : count)))
