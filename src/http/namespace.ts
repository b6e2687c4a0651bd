import type { FastifyInstance } from 'fastify'
import { invalid } from './problem.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the request works; two namespaces never see each other. */
    namespace: string
  }
}

export const NAMESPACE_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$'
const NAMESPACE = new RegExp(NAMESPACE_PATTERN)

export const DEFAULT_NAMESPACE = 'default'

export function installNamespaces(app: FastifyInstance): void {
  app.decorateRequest('namespace', DEFAULT_NAMESPACE)
  app.addHook('onRequest', (request, _reply, done) => {
    const asked = request.headers['lockstep-namespace']
    if (asked === undefined) return done()
    if (typeof asked !== 'string' || !NAMESPACE.test(asked)) {
      throw invalid('headers/lockstep-namespace', `must match ${NAMESPACE_PATTERN}`)
    }
    request.namespace = asked
    done()
  })
}
