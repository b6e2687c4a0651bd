import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** The config of its route; no `url` without a route. */
    route: FastifyContextConfig & { readonly url?: string }
  }
}

/** Runs for every request. */
export type Step = (request: FastifyRequest, reply: FastifyReply) => void

interface RequestSteps {
  /** Run before the body is read; one that throws ends the request. */
  readonly first: readonly Step[]
  /** Run after the whole answer. */
  readonly last: readonly Step[]
}

/**
 * Runs all steps in one hook at each end: every hook of Fastify costs a few closures, and every read
 * of `routeOptions` an object.
 */
export function installRequestHooks(app: FastifyInstance, { first, last }: RequestSteps): void {
  app.decorateRequest('route')
  app.addHook('onRequest', (request, reply, done) => {
    request.route = request.routeOptions.config
    for (const step of first) step(request, reply)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    for (const step of last) step(request, reply)
    done()
  })
}
