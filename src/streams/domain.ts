import { defineDomain } from '../domain.js'
import { configurationRoutes } from './configuration/routes.js'
import { StreamSection } from './configuration/schemas.js'
import { entryRoutes } from './entries/routes.js'
import { eventRoutes } from './events/routes.js'
import { groupDeliveryRoutes } from './groups/delivery-routes.js'
import { groupRoutes } from './groups/routes.js'
import { overviewRoutes } from './overview/routes.js'
import { specs } from './problems.js'
import { readerRoutes } from './readers/routes.js'
import { createServices } from './services.js'

declare module '../http/scopes.js' {
  interface Scopes {
    'streams:append': true
    'streams:read': true
    'streams:receive': true
    'streams:write': true
  }
}

/** Append-only logs with pages from any place, a live tail, and exact numbers of what was missed. */
export const streams = defineDomain({
  name: 'streams',
  description: 'Append-only logs of events',
  scopes: ['streams:append', 'streams:read', 'streams:receive', 'streams:write'],
  problems: specs,
  section: { name: 'streams', schema: StreamSection },
  create(deps) {
    const services = createServices(deps)
    const options = { prefix: '/streams', ...services }
    return {
      async routes(app) {
        app.register(configurationRoutes, options)
        app.register(entryRoutes, options)
        app.register(eventRoutes, options)
        app.register(groupRoutes, options)
        app.register(groupDeliveryRoutes, options)
        app.register(readerRoutes, options)
        app.register(overviewRoutes, options)
      },
      drain: services.drain,
      close: () => services.configuration.close(),
    }
  },
})
