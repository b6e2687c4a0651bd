import { defineDomain } from '../domain.js'
import { compatRoutes } from './compat/routes.js'
import { policySection } from './policies/section.js'
import { specs } from './problems.js'
import { rateLimitRoutes } from './routes.js'
import { createServices } from './services.js'

declare module '../http/scopes.js' {
  interface Scopes {
    'ratelimits:read': true
    'ratelimits:write': true
  }
}

/**
 * Limits that are checked together, all or nothing.
 *
 * In `scripts/lib`, all algorithms have the same five functions; blocks and overrides of a subject
 * come first. The service computes calendar windows, and the script picks the current one. `leases/`
 * limits concurrency and shares only blocks and overrides with checks. `lists/` needs no Redis,
 * `outage/` decides while Redis does not, and `deny-cache/` remembers denials until a change.
 */
export const ratelimits = defineDomain({
  name: 'ratelimits',
  description: 'Several limits, all or nothing',
  scopes: ['ratelimits:read', 'ratelimits:write'],
  problems: specs,
  section: { name: 'policies', ...policySection },
  create(deps) {
    const services = createServices(deps)
    return {
      async routes(app) {
        app.register(rateLimitRoutes, { services })
      },
      async compatRoutes(app) {
        app.register(compatRoutes, services)
      },
      close: () => services.policies.close(),
    }
  },
})
