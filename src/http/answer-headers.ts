import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import './request-hooks.js'

type Headers = Readonly<Record<string, string>>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Headers of every answer, unless the route sets others. */
    answerHeaders?: Headers
  }
}

/** Sets headers of every answer to the routes that are registered here. */
export function answerWith(app: FastifyInstance, headers: Headers): void {
  app.addHook('onRoute', (route) => {
    route.config = {
      ...route.config,
      answerHeaders: { ...route.config?.answerHeaders, ...headers },
    }
  })
}

/** Answers are for their caller alone, unless a route says otherwise. */
export const keepPrivate = (app: FastifyInstance): void =>
  answerWith(app, { 'cache-control': 'private, no-store' })

export function setHeaders({ id, route }: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', id)
  if (route.answerHeaders) reply.headers(route.answerHeaders)
}
