import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { problem } from './problem.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Every path that has a route. */
    readonly paths: ReadonlySet<string>
  }
}

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']

/** Collects every path, for `otherMethods`. */
export function installMethods(app: FastifyInstance): void {
  const paths = new Set<string>()
  app.decorate('paths', paths)
  app.addHook('onRoute', ({ url, prefix }) => {
    paths.add(url)
    // Fastify serves the root of a prefix with a slash as well, and calls no hook for it.
    if (url === prefix) paths.add(`${url}/`)
  })
}

/** Answers other methods of a known path with 405 and `Allow`. Registered last. */
export const otherMethods: FastifyPluginAsync = async (app) => {
  const paths = [...app.paths]
  // Before the loop: it registers routes itself.
  const served = paths.map((url) => {
    const same = paths.filter((path) => includes(path, url))
    const isThere = (method: string) => same.some((path) => app.hasRoute({ method, url: path }))
    return { url, methods: METHODS.filter(isThere) }
  })
  for (const { url, methods } of served) {
    const others = METHODS.filter((method) => !methods.includes(method))
    // A list has no path with a slash: `/cache-spaces/` is a space without a name.
    if (others.length === 0 || methods.length === 0) continue
    const allow = methods.join(', ')
    app.route({
      method: others.filter((method) => app.supportedMethods.includes(method)),
      url,
      config: { scope: 'none' },
      schema: { hide: true },
      // Before the body is read.
      onRequest: async (request, reply) => {
        reply.header('allow', allow)
        throw problem('method-not-allowed', `${request.method} is not one of ${allow}.`)
      },
      handler: () => undefined,
    })
  }
}

/** A parameter is never empty: `/policies/` is the list, not a policy. */
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
