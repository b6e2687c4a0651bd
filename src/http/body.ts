import type { FastifyInstance, FastifyRequest } from 'fastify'
import { invalid } from './problem.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Fields of the body that the query carried, so that errors point where they were written. */
    fieldsFromQuery: readonly string[] | undefined
  }
  interface FastifyContextConfig {
    /** Hot fields of the body that may stand in the query instead: `ttlMs`, `key`, ... */
    queryFields?: readonly string[]
    /** The body is bytes and its content type belongs to them, also where there are none. */
    rawBody?: boolean
  }
}

/**
 * Takes bodies of one content type, or of any with `*`, as JSON, and no others. An empty one is {}.
 */
export function acceptJson(app: FastifyInstance, contentType: string): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(contentType, { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, {})
    // It answers through `done`; the promise in its type is never made.
    else void parseJson(request, body as string, done)
  })
}

/** JSON only; a missing or empty body is {}, with or without a content type. */
export function installBodies(app: FastifyInstance): void {
  acceptJson(app, 'application/json')

  app.decorateRequest('fieldsFromQuery', undefined)
  app.addHook('onRequest', (request, _reply, done) => {
    // curl -X POST -d '' announces a form of no bytes; that is no body, not a wrong type.
    const isRaw = request.routeOptions.config.rawBody
    if (request.headers['content-length'] === '0' && !isRaw) delete request.headers['content-type']
    done()
  })
  app.addHook('preValidation', (request, _reply, done) => {
    const fields = request.routeOptions.config.queryFields
    if (fields) moveFromQuery(request, fields)
    done()
  })
}

function moveFromQuery(request: FastifyRequest, fields: readonly string[]): void {
  const query = request.query as Record<string, unknown>
  const moved = fields.filter((field) => query[field] !== undefined)
  if (moved.length === 0) return
  const body = (request.body ?? {}) as Record<string, unknown>
  for (const field of moved) {
    if (body[field] !== undefined) {
      throw invalid(`querystring/${field}`, 'stands in the body as well: send it once')
    }
    body[field] = field === 'key' ? query[field] : toNumber(query[field])
  }
  request.body = body
  request.fieldsFromQuery = moved
}

/** Text that is no number stays text, and the schema of the body refuses it. */
const toNumber = (text: unknown): unknown =>
  typeof text === 'string' && /^-?\d+$/.test(text) ? Number(text) : text
