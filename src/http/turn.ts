import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyReply {
    /** How long Redis took for it, in milliseconds; undefined where Redis was not asked. */
    redisMs: number | undefined
  }
}

/** What a call to Redis adds its time to. */
export interface Meter {
  redisMs: number | undefined
}

/**
 * Whose handler runs now. A handler makes its calls to Redis before it waits for anything, so the
 * calls of one turn of the event loop can be told apart without following every promise, which
 * would cost 5 % of a request. What a request that stands in a queue asks later is not counted.
 */
export interface Turn {
  meter: Meter | undefined
}

export function installTurn(app: FastifyInstance, turn: Turn): void {
  app.decorateReply('redisMs', undefined)
  app.addHook('preHandler', (_request, reply, done) => {
    turn.meter = reply
    done()
    turn.meter = undefined
  })
}
