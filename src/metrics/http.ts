import type { Server } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { atScrape, type Metrics, SECONDS } from './registry.js'

/** A request may stand in a queue for 240 s. */
const WITH_WAITS = [...SECONDS, 5, 10, 30, 60, 120, 240, 300]

export interface HttpMetrics extends LoadMetrics {
  /** Takes the time of a request that was answered. */
  end(request: FastifyRequest, reply: FastifyReply): void
  /** Counts what the HTTP parser refused, which has no route and no duration. */
  onParserError(code: string): void
  /** Counts a request whose token did not let it in. */
  onRefusal(reason: string): void
}

/** What of an instance is in use. */
interface LoadMetrics {
  /** Counts the connections of one more server. */
  watch(server: Server): void
  /** Counts a request until it is over. */
  begin(request: FastifyRequest, reply: FastifyReply): void
}

/** Of every server of an app. */
export const createHttpMetrics = (metrics: Metrics): HttpMetrics => ({
  ...createLoadMetrics(metrics),
  end: createDurations(metrics),
  onParserError: createParserErrorCount(metrics),
  onRefusal: createRefusalCount(metrics),
})

/** Rate, errors and duration by route. */
function createDurations(metrics: Metrics): HttpMetrics['end'] {
  const duration = metrics.histogram(
    'lockstep_http_request_duration_seconds',
    'Time from the first byte of a request to the last byte of its answer',
    ['method', 'route', 'status'],
    WITH_WAITS,
  )
  return ({ method, route: { url = 'none' } }, { isStream, statusCode, elapsedTime }) => {
    // A stream lasts as long as its client likes: those that have them count them.
    if (!isStream) duration.labels(method, url, statusCode).observe(elapsedTime / 1_000)
  }
}

function createLoadMetrics(metrics: Metrics): LoadMetrics {
  const servers: Server[] = []
  let running = 0
  const inFlight = metrics.gauge(
    'lockstep_http_requests_in_flight',
    'Requests that have no whole answer yet, among them those that wait, and open streams',
  )
  const connections = metrics.gauge('lockstep_http_connections', 'Connections that clients hold')
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
      // Comes once, also for a client that is gone, of whom no hook would tell.
      reply.raw.on('close', end)
    },
  }
}

const countConnections = (server: Server): Promise<number> =>
  new Promise((resolve) => server.getConnections((error, count) => resolve(error ? 0 : count)))

function createParserErrorCount(metrics: Metrics): HttpMetrics['onParserError'] {
  const errors = metrics.counter(
    'lockstep_http_parser_errors_total',
    'Requests that could not be read, by the code they were answered with',
    ['code'],
  )
  return (code) => errors.labels(code).inc()
}

function createRefusalCount(metrics: Metrics): HttpMetrics['onRefusal'] {
  const refusals = metrics.counter(
    'lockstep_http_refused_tokens_total',
    'Requests refused for their token: missing, unknown, without the scope or the namespace',
    ['reason'],
  )
  return (reason) => refusals.labels(reason).inc()
}
