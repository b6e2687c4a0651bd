import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LineLimit } from '../logging/line-limit.js'
import { namespaceOf } from './namespace.js'
import { type Problem, problem } from './problem.js'
import type { Step } from './request-hooks.js'
import type { Scope } from './scopes.js'
import type { Keyring } from './tokens.js'

/** The request has no token, an unknown one, or one without the scope or the namespace. */
export type Refusal = 'missing' | 'unknown' | 'scope' | 'namespace'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The caller is a proxy that passes on the headers of its visitor: the token comes from
     * Lockstep-Api-Token, which the proxy sets, and so does the namespace. A visitor can set neither.
     */
    forProxies?: boolean
  }
  interface FastifyRequest {
    /** Two namespaces share no data. */
    namespace: string
    /** Name of the token, '' without tokens. Never the token itself. */
    caller: string
    /** Why its token was refused. */
    refusal: Refusal | undefined
    /** Undefined where no token is configured: everything is allowed. */
    scopes: ReadonlySet<Scope> | undefined
  }
}

const EVERYWHERE = ['*']

/**
 * Sets caller, scopes and namespace of a request before its body is read. Where no token is
 * configured, every caller may do everything. A route without a scope stops the start: it would be
 * open to everyone.
 */
export function installAuth(app: FastifyInstance, keyring: Keyring): Step {
  app.decorateRequest('refusal', undefined)
  app.decorateRequest('namespace', '')
  app.decorateRequest('caller', '')
  app.decorateRequest('scopes', undefined)
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.scope === undefined) throw new Error(`${method} ${url} declares no scope`)
  })
  return (request, reply) => {
    const { scope = 'none', forProxies = false } = request.route
    const { headers } = request
    // No namespace: a probe does not fail because a proxy adds the header.
    if (scope === 'none') return
    const asked = forProxies ? undefined : headers['lockstep-namespace']
    if (!keyring.isLocked) {
      request.namespace = namespaceOf(asked, EVERYWHERE)
      return
    }
    const caller = keyring.find(
      forProxies ? `Bearer ${headers['lockstep-api-token']}` : headers.authorization,
    )
    if (!caller) {
      const sent = forProxies ? headers['lockstep-api-token'] : headers.authorization
      request.refusal = sent === undefined ? 'missing' : 'unknown'
      reply.header('www-authenticate', 'Bearer realm="lockstep"')
      const how = forProxies ? 'Lockstep-Api-Token: <token>' : 'Authorization: Bearer <token>'
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

/** Guessing tokens must not fill the log. */
const REFUSALS = { max: 1, periodMs: 1_000 }

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
    // A malformed namespace is no refusal of the token.
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
 * For a scope that only some requests to a route need.
 * @throws Problem forbidden for a token without the scope
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
