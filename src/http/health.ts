import type { FastifyPluginAsync } from 'fastify'
import Type from 'typebox'
import { problem, problemResponses } from './problem.js'

export interface HealthOptions {
  /** Why this instance should get no traffic, or undefined when it should. */
  readonly notReady: () => 'draining' | 'store-unavailable' | undefined
}

const Ok = Type.Object(
  { status: Type.Literal('ok') },
  { description: 'Yes.', examples: [{ status: 'ok' }] },
)

export const healthRoutes: FastifyPluginAsync<HealthOptions> = async (app, { notReady }) => {
  app.get(
    '/livez',
    {
      config: { scope: 'none' },
      schema: {
        operationId: 'getLiveness',
        summary: 'The process answers. Says nothing about Redis: a restart would not mend that',
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
        summary: 'Redis answers and the instance is not draining',
        tags: ['operations'],
        response: { 200: Ok, ...problemResponses('store-unavailable', 'draining') },
      },
    },
    async () => {
      const reason = notReady()
      if (reason)
        throw problem(reason, `This instance is not ready: ${reason}.`, { retryAfterMs: 1_000 })
      return { status: 'ok' as const }
    },
  )
}
