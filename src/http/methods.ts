import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { problem } from './problem.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods of each path. */
    readonly methodsOf: ReadonlyMap<string, ReadonlySet<string>>
  }
}

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']

/** Takes note of every route, for `otherMethods`. */
export function installMethods(app: FastifyInstance): void {
  const methodsOf = new Map<string, Set<string>>()
  app.decorate('methodsOf', methodsOf)
  app.addHook('onRoute', ({ url, method }) => {
    const known = methodsOf.get(url) ?? new Set()
    methodsOf.set(url, known)
    for (const one of [method].flat()) known.add(one)
  })
}

/** A path that has other methods than the one asked for says which. To be registered last. */
export const otherMethods: FastifyPluginAsync = async (app) => {
  for (const [url, methods] of [...app.methodsOf]) {
    const others = METHODS.filter((method) => !app.hasRoute({ method, url }))
    if (others.length === 0) continue
    const allow = [...methods].sort().join(', ')
    app.route({
      method: others,
      url,
      config: { scope: 'none' },
      schema: { hide: true },
      handler: async (request, reply) => {
        reply.header('allow', allow)
        throw problem('method-not-allowed', `${request.method} is not one of ${allow}.`)
      },
    })
  }
}
