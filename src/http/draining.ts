import type { FastifyInstance } from 'fastify'
import { problem } from './problem.js'
import type { Step } from './request-hooks.js'

/**
 * `leaving`: serves as ever, but tells balancers and clients to go elsewhere. `closing`: finishes
 * what it has begun, and begins nothing new.
 */
export type Phase = 'serving' | 'leaving' | 'closing'

const PROBES = /^\/(livez|readyz|metrics)\b/

/**
 * From the first signal on every answer closes its connection, so that none is left for a client to
 * send a request on while it is closed here. What arrives later all the same is sent elsewhere.
 */
export function installDraining(app: FastifyInstance, phase: () => Phase): Step {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (phase() !== 'serving') reply.header('connection', 'close')
    done()
  })
  return ({ url }) => {
    if (phase() === 'closing' && !PROBES.test(url)) {
      throw problem('draining', 'This instance is shutting down; ask another, or again soon.', {
        retryAfterMs: 1_000,
      })
    }
  }
}
