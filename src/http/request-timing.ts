import type { FastifyInstance } from 'fastify'

/** The time that Redis took for a request. */
interface RequestTiming {
  /** In milliseconds; undefined if Redis was not called. */
  redisMs: number | undefined
}

declare module 'fastify' {
  interface FastifyReply extends RequestTiming {}
}

/**
 * The request whose handler is running; Redis time is added to it. A handler calls Redis before it
 * waits for anything, so the calls of one turn of the event loop belong to it. Following promises
 * instead would cost 5 % of a request. Calls that a request in a queue makes later are not counted.
 */
export interface CurrentRequest {
  timing: RequestTiming | undefined
}

export function installRequestTiming(app: FastifyInstance, current: CurrentRequest): void {
  app.decorateReply('redisMs', undefined)
  app.addHook('preHandler', (_request, reply, done) => {
    current.timing = reply
    done()
    current.timing = undefined
  })
}
