import type { FastifyInstance } from 'fastify'
import './auth.js'
import { invalid, problem } from './problem.js'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

export interface OriginRules {
  /** Host names (without port) that this service answers to, besides the loopback names. */
  readonly allowedHosts: readonly string[]
  /** A service without tokens that listens on loopback refuses every other Host. */
  readonly loopbackOnly: () => boolean
}

/**
 * A web page must not drive a service on the visitor's machine. Browsers send Origin with every
 * cross-site request; DNS rebinding makes a foreign name resolve to loopback, which Host betrays.
 */
export function installOriginRules(app: FastifyInstance, rules: OriginRules): void {
  const isAllowed = (host: string) => LOOPBACK.has(host) || rules.allowedHosts.includes(host)

  app.addHook('onRequest', (request, _reply, done) => {
    // A proxy passes on what its visitor sent, and browsers are among its visitors.
    if (request.routeOptions.config.forProxies) return done()
    const { origin, host } = request.headers
    if (host === undefined && request.raw.httpVersion === '1.1') {
      throw invalid('headers/host', 'is required')
    }
    if (origin !== undefined && !isOwnOrigin(origin, isAllowed)) {
      throw problem('origin-refused', `Origin ${origin} may not call this service.`)
    }
    if (host !== undefined && !isAllowed(hostName(host)) && rules.loopbackOnly()) {
      throw problem('host-refused', `Host ${host} is not a name of this service.`)
    }
    done()
  })
}

const hostName = (host: string): string => host.toLowerCase().replace(/:\d+$/, '')

function isOwnOrigin(origin: string, isAllowed: (host: string) => boolean): boolean {
  const host = /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]
  return host !== undefined && isAllowed(hostName(host))
}
