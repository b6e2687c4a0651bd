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
  app.addHook('onRoute', ({ url, prefix }) => {
    paths.add(url)
    // The root of a prefix is served with a slash as well, which no hook is told.
    if (url === prefix) paths.add(`${url}/`)
  })
}

/** A path that has other methods than the one asked for says which. To be registered last. */
export const otherMethods: FastifyPluginAsync = async (app) => {
  const paths = [...app.paths]
  // All of them first: what is registered below counts as there.
  const served = paths.map((url) => {
    const same = paths.filter((path) => includes(path, url))
    const isThere = (method: string) => same.some((path) => app.hasRoute({ method, url: path }))
    return { url, methods: METHODS.filter(isThere) }
  })
  for (const { url, methods } of served) {
    const others = METHODS.filter((method) => !methods.includes(method))
    if (others.length === 0) continue
    const allow = methods.join(', ')
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

/** A parameter is never empty: a list at `/policies/` is no policy without a name. */
const isValueOf = (segment: string, value: string | undefined): boolean =>
  segment.startsWith(':') && value !== ''

/** `/cache/:space/:key` includes `/cache/:space/get-many`, which is a key as well. */
function includes(path: string, url: string): boolean {
  const segments = url.split('/')
  const pattern = path.split('/')
  return (
    pattern.length === segments.length &&
    pattern.every((segment, i) => segment === segments[i] || isValueOf(segment, segments[i]))
  )
}
