import type { FastifyInstance } from 'fastify'

/** Two callers may see two namespaces under one path: a proxy must not mix them up. */
export function varyByCaller(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('vary', 'Authorization, Lockstep-Namespace')
    done()
  })
}
