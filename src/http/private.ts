import type { FastifyInstance } from 'fastify'

/** Answers are for their caller alone, unless a route says otherwise. */
export function keepPrivate(app: FastifyInstance): void {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'private, no-store')
    done()
  })
}
