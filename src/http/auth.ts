import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { LineLimit } from '../logging/line-limit.js'
import { type GrantedNames, isGranted, type KeyOf, nameText } from './granted-names.js'
import { namespaceOf } from './namespace.js'
import { type Problem, problem } from './problem.js'
import type { Step } from './request-hooks.js'
import { type GrantedScopes, isOfDomain, type Scope } from './scopes.js'
import type { Keyring } from './tokens.js'

/** The request has no token, an unknown or ended one, or one without the scope, name or namespace. */
export type Refusal = 'missing' | 'unknown' | 'expired' | 'scope' | 'name' | 'namespace'

/**
 * What a request is about, for tokens that have a scope for some names only. `every`: all names, such
 * a token is refused. `in-handler`: the handler answers only about `request.names`.
 */
type Names = ((request: FastifyRequest) => readonly (string | KeyOf)[]) | 'every' | 'in-handler'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Default: the first parameter of the path, and the one named `key` below it. */
    names?: Names
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
    scopes: GrantedScopes | undefined
    /** The names for which the token has the scope of the route; undefined: every name. */
    names: GrantedNames
  }
}

const EVERYWHERE = ['*']

/**
 * Sets caller, scopes and namespace of a request before its body is read. Where no token is
 * configured, every caller may do everything. A route without a scope stops the start: it would be
 * open to everyone. So does one of a domain without names.
 */
export function installAuth(app: FastifyInstance, keyring: Keyring): Step {
  app.decorateRequest('refusal', undefined)
  app.decorateRequest('namespace', '')
  app.decorateRequest('caller', '')
  app.decorateRequest('scopes', undefined)
  app.decorateRequest('names', undefined)
  app.addHook('onRoute', (route) => {
    const { method, url, config, handler } = route
    const scope = config?.scope
    if (scope === undefined) throw new Error(`${method} ${url} declares no scope`)
    if (scope === 'none' || !isOfDomain(scope)) return
    const assertNames = namesRule(route, scope)
    // A hook would cost every request a closure.
    route.handler = function (request, reply) {
      if (request.names !== undefined) assertNames(request)
      return handler.call(this, request, reply)
    }
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
    if (caller.endsAtMs <= Date.now()) {
      request.refusal = 'expired'
      reply.header('www-authenticate', 'Bearer realm="lockstep"')
      const end = new Date(caller.endsAtMs).toISOString()
      throw problem('unauthenticated', `The token "${caller.name}" ended at ${end}.`)
    }
    request.scopes = caller.scopes
    if (!caller.scopes.has(scope)) throw lacksScope(request, scope)
    request.names = caller.scopes.get(scope)
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
 * For a scope or names that only some requests to a route need.
 * @throws Problem forbidden for a token without the scope, or without it for one of the names
 */
export function assertScope(
  request: FastifyRequest,
  scope: Scope,
  names: Iterable<string | KeyOf> = [],
): void {
  const { scopes } = request
  if (!scopes) return
  if (!scopes.has(scope)) throw lacksScope(request, scope)
  const granted = scopes.get(scope)
  for (const name of granted ? names : []) {
    if (isGranted(granted, name)) continue
    const text = nameText(name)
    throw lacksName(request, `${scope} for "${text}"`, { scope, name: text })
  }
}

/**
 * The same for names that the request did not send, so that a refusal must not show them.
 * @param what has these names
 */
export function assertScopeOfAll(
  request: FastifyRequest,
  scope: Scope,
  names: Iterable<string>,
  what: string,
): void {
  const granted = request.scopes?.get(scope)
  for (const name of granted ? names : []) {
    if (!isGranted(granted, name)) throw lacksName(request, `${scope} for ${what}`, { scope })
  }
}

/** The rule of a route for tokens that have its scope for some names only. */
function namesRule(
  { method, url, config }: RouteOptions,
  scope: Scope,
): (request: FastifyRequest) => void {
  const { names = firstParameter(url) } = config ?? {}
  switch (names) {
    case undefined:
      throw new Error(`${method} ${url} declares no names`)
    case 'in-handler':
      return () => undefined
    case 'every':
      return (request) => {
        throw lacksEveryName(request, scope)
      }
    default:
      return (request) => assertScope(request, scope, names(request))
  }
}

function firstParameter(url: string) {
  const [, parameter] = /:(\w+)/.exec(url) ?? []
  if (parameter === undefined) return undefined
  const hasKey = url.includes('/:key')
  return ({ params }: FastifyRequest) => {
    const { [parameter]: name = '', key = '' } = params as Record<string, string>
    return [hasKey ? { name, key } : name]
  }
}

function lacksScope(request: FastifyRequest, scope: string): Problem {
  request.refusal = 'scope'
  return problem('forbidden', `The token "${request.caller}" does not have the scope ${scope}.`, {
    extensions: { scope },
  })
}

function lacksName(
  request: FastifyRequest,
  right: string,
  extensions: Record<string, unknown>,
): Problem {
  request.refusal = 'name'
  return problem('forbidden', `The token "${request.caller}" does not have ${right}.`, {
    extensions,
  })
}

function lacksEveryName(request: FastifyRequest, scope: string): Problem {
  request.refusal = 'name'
  return problem(
    'forbidden',
    `The token "${request.caller}" has ${scope} for some names only; this needs it for every name.`,
    { extensions: { scope } },
  )
}
