import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** What its route declares; without a route it has no `url`. */
    route: FastifyContextConfig & { readonly url?: string }
  }
}

/** Something that holds for every request. */
export type Step = (request: FastifyRequest, reply: FastifyReply) => void

export interface RequestSteps {
  /** Before the body is read. One that throws ends the request: the rest is skipped. */
  readonly first: readonly Step[]
  /** After the whole answer. */
  readonly last: readonly Step[]
}

/**
 * All steps of either end run in one hook: each hook of Fastify costs a few closures, and each look
 * at `routeOptions` an object.
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
