import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseJson } from './json.js'
import { invalid } from './problem.js'
import type { Step } from './request-hooks.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Fields of the body that came from the query: errors point there. */
    fieldsFromQuery: readonly string[] | undefined
  }
  interface FastifyContextConfig {
    /** Fields of the body that the query may carry instead: `ttlMs`, `key`, ... */
    queryFields?: readonly string[]
    /** The body is bytes; its content type is kept, also for an empty one. */
    rawBody?: boolean
  }
}

/** Unless the route allows more. */
export const BODY_BYTES = 64 * 1024
/** For a list of a thousand names. */
export const LIST_BODY_BYTES = 640 * 1024

/** Parses bodies of one content type, or of any with `*`, as JSON; an empty one is {}. */
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

/** `curl -X POST -d ''` sends the content type of a form: without bytes it is no wrong type. */
export const ignoreTypeOfNothing: Step = ({ headers, route }) => {
  if (headers['content-length'] === '0' && !route.rawBody) delete headers['content-type']
}

function moveFromQuery(request: FastifyRequest, fields: readonly string[]): void {
  const query = request.query as Record<string, unknown>
  const moved = fields.filter((field) => query[field] !== undefined)
  // The schema refuses a body that is no object.
  if (moved.length === 0 || !isObject(request.body ?? {})) return
  const body = (request.body ?? {}) as Record<string, unknown>
  for (const field of moved) {
    if (body[field] !== undefined) {
      throw invalid(`query/${field}`, 'is in the body too: send it once')
    }
    body[field] = field === 'key' ? query[field] : toNumber(query[field])
  }
  request.body = body
  request.fieldsFromQuery = moved
}

const isObject = (value: unknown): boolean => typeof value === 'object' && !Array.isArray(value)

/** Other text stays text, and the schema of the body refuses it. */
const toNumber = (text: unknown): unknown =>
  typeof text === 'string' && /^-?\d+$/.test(text) ? Number(text) : text
