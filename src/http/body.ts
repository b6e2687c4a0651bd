import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseJson } from './json.js'
import { invalid } from './problem.js'
import type { Step } from './request-hooks.js'

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

/** Of a body that a route does not say more of. */
export const BODY_BYTES = 64 * 1024
/** Of one that lists a thousand names. */
export const LIST_BODY_BYTES = 640 * 1024

/**
 * Takes bodies of one content type, or of any with `*`, as JSON, and no others. An empty one is {}.
 */
export function acceptJson(app: FastifyInstance, contentType: string): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(contentType, { parseAs: 'string' }, (_request, body, done) =>
    done(null, body.length === 0 ? {} : parseJson(body as string)),
  )
}

/** JSON only; a missing or empty body is {}, with or without a content type. */
export function installBodies(app: FastifyInstance): void {
  acceptJson(app, 'application/json')

  app.decorateRequest('fieldsFromQuery', undefined)
  app.addHook('onRoute', (route) => {
    const fields = route.config?.queryFields
    if (!fields) return
    route.preValidation = (request, _reply, done) => {
      moveFromQuery(request, fields)
      done()
    }
  })
}

/** `curl -X POST -d ''` announces a form of no bytes; that is no body, not a wrong type. */
export const ignoreTypeOfNothing: Step = ({ headers, route }) => {
  if (headers['content-length'] === '0' && !route.rawBody) delete headers['content-type']
}

function moveFromQuery(request: FastifyRequest, fields: readonly string[]): void {
  const query = request.query as Record<string, unknown>
  const moved = fields.filter((field) => query[field] !== undefined)
  // A body that is no object is left to its schema.
  if (moved.length === 0 || !isObject(request.body ?? {})) return
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

const isObject = (value: unknown): boolean => typeof value === 'object' && !Array.isArray(value)

/** Text that is no number stays text, and the schema of the body refuses it. */
const toNumber = (text: unknown): unknown =>
  typeof text === 'string' && /^-?\d+$/.test(text) ? Number(text) : text
