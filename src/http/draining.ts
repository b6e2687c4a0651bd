import type { FastifyInstance } from 'fastify'
import { problem } from './problem.js'

const PROBES = /^\/(livez|readyz|metrics)\b/

/**
 * An instance that shuts down finishes what it has begun. What still arrives, on connections that
 * a client had kept open, is sent elsewhere before it starts anything.
 */
export function installDraining(app: FastifyInstance, isDraining: () => boolean): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (isDraining() && !PROBES.test(request.url)) {
      throw problem('draining', 'This instance is shutting down; ask another, or again soon.', {
        retryAfterMs: 1_000,
      })
    }
    done()
  })
}
