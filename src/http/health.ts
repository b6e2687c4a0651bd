import type { FastifyPluginAsync } from 'fastify'
import Type from 'typebox'
import { problem, problemResponses } from './problem.js'

export interface NotReady {
  readonly code: 'draining' | 'store-unavailable'
  /** The reason of Redis, as in /v1/status. */
  readonly reason?: string
}

const Ok = Type.Object(
  { status: Type.Literal('ok') },
  { description: 'Yes.', examples: [{ status: 'ok' }] },
)

/** @param notReady why this instance should get no traffic; undefined if it should */
export const healthRoutes: FastifyPluginAsync<{
  readonly notReady: () => NotReady | undefined
}> = async (app, { notReady }) => {
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
      const found = notReady()
      if (!found) return { status: 'ok' as const }
      const { code, reason } = found
      throw problem(code, `This instance is not ready: ${reason ?? code}.`, {
        retryAfterMs: 1_000,
        ...(reason && { extensions: { reason } }),
      })
    },
  )
}
