import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { problem } from './problem.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Every path that has a route. */
    readonly paths: ReadonlySet<string>
  }
}

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']

/** Takes note of every path, for `otherMethods`. */
export function installMethods(app: FastifyInstance): void {
  const paths = new Set<string>()
  app.decorate('paths', paths)
  app.addHook('onRoute', ({ url }) => void paths.add(url))
}

/** A path that has other methods than the one asked for says which. To be registered last. */
export const otherMethods: FastifyPluginAsync = async (app) => {
  for (const url of [...app.paths]) {
    const isThere = (method: string) => app.hasRoute({ method, url })
    const others = METHODS.filter((method) => !isThere(method))
    if (others.length === 0) continue
    const allow = METHODS.filter(isThere).join(', ')
    app.route({
      method: others.filter((method) => app.supportedMethods.includes(method)),
      url,
      config: { scope: 'none' },
      schema: { hide: true },
      // Before a body is read, whatever it is.
      onRequest: async (request, reply) => {
        reply.header('allow', allow)
        throw problem('method-not-allowed', `${request.method} is not one of ${allow}.`)
      },
      handler: () => undefined,
    })
  }
}
