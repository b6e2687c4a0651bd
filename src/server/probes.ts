import type { FastifyPluginAsync } from 'fastify'
import Type from 'typebox'
import { problem, problemResponses } from '../http/problem.js'
import type { OperatorOptions } from './operator-routes.js'
import { notReady } from './readiness.js'

const Ok = Type.Object(
  { status: Type.Literal('ok', { description: 'Always `ok`.' }) },
  { title: 'ProbeOk', description: 'Yes.', examples: [{ status: 'ok' }] },
)

/** Whether the process lives, and whether it should get traffic. */
export const probeRoutes: FastifyPluginAsync<OperatorOptions> = async (
  app,
  { connections, phase },
) => {
  app.get(
    '/livez',
    {
      config: { scope: 'none', served: 'always' },
      schema: {
        operationId: 'getLiveness',
        summary: 'Say whether the process answers',
        description:
          'For liveness probes. Says nothing about Redis, which a restart of this process would not repair.',
        tags: ['operations'],
        response: { 200: Ok, ...problemResponses('origin-refused', 'host-refused') },
      },
    },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/readyz',
    {
      config: { scope: 'none', served: 'always' },
      schema: {
        operationId: 'getReadiness',
        summary: 'Say whether the instance should get requests',
        description:
          'For readiness probes and load balancers. Answers 200 while Redis serves and the instance is not shutting down, otherwise 503.',
        tags: ['operations'],
        response: {
          200: Ok,
          ...problemResponses('origin-refused', 'host-refused', 'store-unavailable', 'draining'),
        },
      },
    },
    async () => {
      const found = notReady(connections, phase)
      if (!found) return { status: 'ok' as const }
      const { code, reason } = found
      throw problem(code, `This instance is not ready: ${reason ?? code}.`, {
        retryAfterMs: 1_000,
        ...(reason && { extensions: { reason } }),
      })
    },
  )
}
