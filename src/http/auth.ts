import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LineLimit } from '../logging/line-limit.js'
import { namespaceOf } from './namespace.js'
import { type Problem, problem } from './problem.js'
import type { Step } from './request-hooks.js'
import type { Scope } from './scopes.js'
import type { Keyring } from './tokens.js'

/** No token, one that nobody knows, or one that does not reach as far as the request. */
export type Refusal = 'missing' | 'unknown' | 'scope' | 'namespace'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Asked by a proxy that copies the headers of its visitor: the token is that of Lockstep-Token,
     * which the proxy overwrites, and its namespace holds. Nothing that a visitor can send counts.
     */
    forProxies?: boolean
  }
  interface FastifyRequest {
    /** Where the request works; two namespaces never see each other. */
    namespace: string
    /** Name of the token that made the request, '' without tokens. Never the token itself. */
    caller: string
    /** Why its token did not let it in. */
    refusal: Refusal | undefined
    /** What the caller may do; undefined without tokens: everything. */
    scopes: ReadonlySet<Scope> | undefined
  }
}

const EVERYWHERE = ['*']
/** The routes of the plugin that shows the document; it takes no scope. */
const PAGES = /^\/docs(\/|$)/

/**
 * Decides who calls and where the request works, before its body is read. Without any token
 * configured everybody may do everything, and the service listens where only friends can reach it.
 * A route that declares no scope stops the start: forgotten, it would be open to all.
 */
export function installAuth(app: FastifyInstance, keyring: Keyring): Step {
  app.decorateRequest('refusal', undefined)
  app.decorateRequest('namespace', '')
  app.decorateRequest('caller', '')
  app.decorateRequest('scopes', undefined)
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.scope === undefined && !PAGES.test(url))
      throw new Error(`${method} ${url} declares no scope`)
  })
  return (request, reply) => {
    const { scope = 'none', forProxies = false } = request.route
    const { headers } = request
    // Works in no namespace: a header that a proxy adds does not make a probe fail.
    if (scope === 'none') return
    const asked = forProxies ? undefined : headers['lockstep-namespace']
    if (!keyring.isLocked()) {
      request.namespace = namespaceOf(asked, EVERYWHERE)
      return
    }
    const caller = keyring.find(
      forProxies ? `Bearer ${headers['lockstep-token']}` : headers.authorization,
    )
    if (!caller) {
      const sent = forProxies ? headers['lockstep-token'] : headers.authorization
      request.refusal = sent === undefined ? 'missing' : 'unknown'
      reply.header('www-authenticate', 'Bearer realm="lockstep"')
      const how = forProxies ? 'Lockstep-Token: <token>' : 'Authorization: Bearer <token>'
      throw problem('unauthenticated', `Send a known token as \`${how}\`.`)
    }
    request.caller = caller.name
    request.scopes = caller.scopes
    if (!caller.scopes.has(scope)) throw lacksScope(request, scope)
    request.refusal = 'namespace'
    request.namespace = namespaceOf(asked, caller.namespaces)
    request.refusal = undefined
  }
}

/** Who tries tokens must not fill the log. */
const REFUSALS = { most: 1, periodMs: 1_000 }

export function createRefusalLog(
  { log }: FastifyInstance,
  onRefusal: (refusal: Refusal) => void,
): Step {
  const limit = new LineLimit({
    ...REFUSALS,
    onRest: (refusal, count) => log.warn({ refusal, count }, 'more tokens refused'),
  })
  return (request, { statusCode }) => {
    const { refusal } = request
    // A namespace that is none is refused for what it is.
    if (refusal === undefined || statusCode === 400) return
    onRefusal(refusal)
    if (limit.take(refusal)) {
      const { caller, ip, method, route } = request
      const who = { caller: caller || undefined, address: ip || undefined }
      request.log.warn({ refusal, ...who, method, route: route.url }, 'token refused')
    }
  }
}

/**
 * For what only some requests to a route ask for.
 * @throws Problem forbidden for a token without the scope.
 */
export function assertScope(request: FastifyRequest, scope: Scope): void {
  if (request.scopes && !request.scopes.has(scope)) throw lacksScope(request, scope)
}

function lacksScope(request: FastifyRequest, scope: string): Problem {
  request.refusal = 'scope'
  return problem('forbidden', `The token "${request.caller}" does not have the scope ${scope}.`, {
    extensions: { scope },
  })
}
