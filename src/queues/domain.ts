import { defineDomain } from '../domain.js'
import { configurationRoutes } from './configuration/routes.js'
import { QueueSection } from './configuration/schemas.js'
import { deadLetterRoutes } from './dead/routes.js'
import { deliveryRoutes } from './deliveries/routes.js'
import { messageRoutes } from './messages/routes.js'
import { overviewRoutes } from './overview/routes.js'
import { specs } from './problems.js'
import { createServices } from './services.js'

declare module '../http/scopes.js' {
  interface Scopes {
    'queues:send': true
    'queues:receive': true
    'queues:read': true
    'queues:write': true
  }
}

/** Work queues: a lease per delivery, fenced settlement, back-off, dead letters, order per group. */
export const queues = defineDomain({
  name: 'queues',
  description: 'Work queues with a lease per delivery',
  scopes: ['queues:send', 'queues:receive', 'queues:read', 'queues:write'],
  problems: specs,
  section: { name: 'queues', schema: QueueSection },
  create(deps) {
    const services = createServices(deps)
    const options = { prefix: '/queues', ...services }
    return {
      async routes(app) {
        app.register(configurationRoutes, options)
        app.register(messageRoutes, options)
        app.register(deadLetterRoutes, options)
        app.register(overviewRoutes, options)
        app.register(deliveryRoutes, options)
      },
      drain: services.drain,
      close: () => services.configuration.close(),
    }
  },
})
