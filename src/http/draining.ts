import type { FastifyInstance } from 'fastify'
import './admission.js'
import { problem } from './problem.js'
import type { Step } from './request-hooks.js'

/**
 * `not-ready`: serves every request, but /readyz is 503 and every answer closes its connection.
 * `closing`: finishes running requests and refuses new ones.
 */
export type Phase = 'serving' | 'not-ready' | 'closing'

/**
 * After the first signal every answer closes its connection: no client sends a request on one that
 * is about to be closed. Later requests are refused.
 */
export function installDraining(app: FastifyInstance, phase: () => Phase): Step {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (phase() !== 'serving') reply.header('connection', 'close')
    done()
  })
  return ({ route }) => {
    if (phase() === 'closing' && route.served !== 'always') {
      throw problem(
        'draining',
        'This instance is shutting down; ask another one, or repeat soon.',
        {
          retryAfterMs: 1_000,
        },
      )
    }
  }
}
