import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import './request-hooks.js'

type Headers = Readonly<Record<string, string>>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Headers of every answer; the route may replace them. */
    answerHeaders?: Headers
  }
}

/** Adds headers to every answer of the routes that are registered after it. */
export function answerWith(app: FastifyInstance, headers: Headers): void {
  app.addHook('onRoute', (route) => {
    route.config = {
      ...route.config,
      answerHeaders: { ...route.config?.answerHeaders, ...headers },
    }
  })
}

/** No cache may store an answer, unless the route says otherwise. */
export const keepPrivate = (app: FastifyInstance): void =>
  answerWith(app, { 'cache-control': 'private, no-store' })

export function setHeaders({ id, route }: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', id)
  if (route.answerHeaders) reply.headers(route.answerHeaders)
}
