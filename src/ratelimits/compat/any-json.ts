import type { FastifyInstance } from 'fastify'

/** Clients of other services send JSON under any content type, or none: so did those accept it. */
export function acceptAnyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, {})
    // It answers through `done`; the promise in its type is never made.
    else void parse(request, body as string, done)
  })
}
