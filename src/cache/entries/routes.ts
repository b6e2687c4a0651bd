import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { compileValidator } from '../../http/validation.js'
import type { LeasedReads } from '../leases/leased-reads.js'
import type { Origins } from '../origins/origins.js'
import type { RouteOptions } from '../route-options.js'
import { varyByCaller } from './answer.js'
import { readRoutes } from './read-routes.js'
import type { EntryStore } from './store.js'
import { writeRoutes } from './write-routes.js'

export interface EntryRouteOptions extends RouteOptions {
  readonly store: EntryStore
  readonly leases: LeasedReads
  readonly origins: Origins
}

/** Values are raw bytes of any type, so the only parser of this plugin keeps them. */
export const entryRoutes: FastifyPluginAsyncTypebox<EntryRouteOptions> = async (app, options) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setValidatorCompiler((route) =>
    route.httpPart === 'body' ? () => true : compileValidator(route),
  )
  varyByCaller(app)
  // The prefix is in place already.
  const resources = { ...options, prefix: '' }
  app.register(readRoutes, resources)
  app.register(writeRoutes, resources)
}
