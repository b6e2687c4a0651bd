import type { FastifyPluginAsync } from 'fastify'
import Type from 'typebox'
import { problem, problemResponses } from '../http/problem.js'
import type { OperatorOptions } from './operator-routes.js'
import { notReady } from './readiness.js'

const Ok = Type.Object(
  { status: Type.Literal('ok') },
  { description: 'Yes.', examples: [{ status: 'ok' }] },
)

/** Whether the process lives, and whether it should get traffic. */
export const probeRoutes: FastifyPluginAsync<OperatorOptions> = async (
  app,
  { connections, phase },
) => {
  app.get(
    '/livez',
    {
      config: { scope: 'none' },
      schema: {
        operationId: 'getLiveness',
        summary: 'The process answers. Says nothing about Redis, which a restart would not repair',
        tags: ['operations'],
        response: { 200: Ok },
      },
    },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/readyz',
    {
      config: { scope: 'none' },
      schema: {
        operationId: 'getReadiness',
        summary: 'Redis serves and the instance is not draining',
        tags: ['operations'],
        response: { 200: Ok, ...problemResponses('store-unavailable', 'draining') },
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
