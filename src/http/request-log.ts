import type { FastifyInstance } from 'fastify'
import { LineLimit } from '../logging/line-limit.js'
import './auth.js'
import './event-stream.js'
import type { Step } from './request-hooks.js'
import './request-timing.js'

declare module 'fastify' {
  interface FastifyReply {
    /** The code of its problem. */
    outcome: string | undefined
    /** Why Redis did not serve the request. */
    reason: string | undefined
    /** An unexpected error, for the log only: it can name hosts and keys. */
    failure: unknown
  }
}

export interface RequestLogOptions {
  /** Logs requests that took at least this long. */
  readonly slowMs: number
  /** Logs this share of other successful requests, 0 to 1. */
  readonly sample: number
}

/** While Redis fails, every request fails: a few lines of each kind are enough. */
const FAILURES = { max: 5, periodMs: 1_000 }

/** Logs slow, failed and sampled requests only: a line costs about 7 us. */
export function installRequestLog(
  app: FastifyInstance,
  { slowMs, sample }: RequestLogOptions,
): Step {
  app.decorateReply('outcome', undefined)
  app.decorateReply('reason', undefined)
  app.decorateReply('failure', undefined)
  const limit = new LineLimit({
    ...FAILURES,
    onRest: (outcome, count) => app.log.warn({ outcome, count }, 'more requests failed'),
  })
  return (request, reply) => {
    const failed = reply.statusCode >= 500
    const slow = !reply.isStream && reply.elapsedTime >= slowMs
    const outcome = reply.outcome ?? 'ok'
    if (failed ? limit.take(outcome) : slow || (sample > 0 && Math.random() < sample)) {
      const level = reply.failure ? 'error' : failed || slow ? 'warn' : 'info'
      request.log[level](
        {
          method: request.method,
          route: request.route.url,
          caller: request.caller || undefined,
          namespace: request.namespace || undefined,
          address: request.ip || undefined,
          status: reply.statusCode,
          outcome,
          reason: reply.reason,
          err: reply.failure,
          traceId: traceId(request.headers.traceparent),
          ms: tenths(reply.elapsedTime),
          redisMs: reply.redisMs === undefined ? undefined : tenths(reply.redisMs),
        },
        failed ? 'request failed' : slow ? 'request was slow' : 'request',
      )
    }
  }
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10

/** The trace id of a W3C traceparent header. */
function traceId(header: string | string[] | undefined): string | undefined {
  return /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(String(header))?.[1]
}
