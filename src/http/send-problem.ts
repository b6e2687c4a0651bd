import type { IncomingMessage } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Fault } from '../schema/faults.js'
import { invalid, invalidRequest, Problem, problem } from './problem.js'
import { partOf } from './request-faults.js'
import { retryAfterSeconds } from './retry-after.js'

/** Turns an error of another room into a problem, or leaves it alone. */
export type Translate = (error: unknown) => Problem | undefined

const unroutable = new WeakMap<IncomingMessage, FastifyError>()

/** No path begins with two slashes; `/` is a page. */
const NO_ROUTE = '//'

/**
 * Routes a path that the router cannot read (`/%ff`) to the not-found handler, so that hooks run: the
 * request gets its id and is counted and logged.
 */
export function routeAgain(
  error: FastifyError,
  { raw }: FastifyRequest,
  reply: FastifyReply,
): void {
  unroutable.set(raw, error)
  raw.url = NO_ROUTE
  reply.hijack()
  reply.server.routing(raw, reply.raw)
}

export function installProblems(app: FastifyInstance, translate: Translate): void {
  app.setNotFoundHandler((request) => {
    throw (
      unroutable.get(request.raw) ??
      problem('unknown-path', `No route has the path ${pathOf(request)}.`)
    )
  })
  app.setErrorHandler<FastifyError | Problem>((error, request, reply) =>
    sendProblem(request, reply, toProblem(error, request, translate), error),
  )
}

function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
  cause: unknown,
): FastifyReply {
  const { status } = problem.spec
  const { extensions, retryAfterMs, maxRetryAfterS = Number.POSITIVE_INFINITY } = problem.more
  if (retryAfterMs !== undefined) {
    reply.header('retry-after', Math.min(retryAfterSeconds(retryAfterMs), maxRetryAfterS))
  }
  reply.outcome = problem.code
  if (status >= 500) reply.reason = extensions?.reason as string | undefined
  if (isUnexpected(problem, cause)) reply.failure = cause
  return reply
    .code(status)
    .header('cache-control', 'private, no-store')
    .type('application/problem+json')
    .send(toBody(problem, request.id))
}

export function toBody({ code, spec, message, more }: Problem, requestId: string): string {
  const { extensions, retryAfterMs } = more
  return JSON.stringify({
    type: `/errors/${code}`,
    title: spec.title,
    status: spec.status,
    detail: message,
    code,
    requestId,
    ...(retryAfterMs !== undefined && { retryAfterMs: Math.ceil(retryAfterMs) }),
    ...extensions,
  })
}

/** An outage is expected; a script that fails, or whose reply is unreadable, is not: it has a cause. */
const isUnexpected = ({ code }: Problem, error: unknown): boolean =>
  code === 'internal' || (error instanceof Error && error.cause !== undefined)

/** The problem for an error of Fastify, of a validator or of another room. */
function toProblem(
  error: FastifyError | Problem,
  request: FastifyRequest,
  translate: Translate,
): Problem {
  if (error instanceof Problem) return error
  if (error.validation) return validationProblem(error, request)
  const translated = translate(error)
  if (translated) return translated

  const status = error.statusCode ?? 500
  if (status === 415) {
    if (request.route.rawBody) {
      return invalid('header/content-type', 'must be a media type')
    }
    return problem(
      'unsupported-media-type',
      `${request.headers['content-type'] ?? 'A body without a type'} is not accepted; send application/json (curl --json).`,
    )
  }
  if (status === 413) {
    const { bodyLimit } = request.routeOptions
    return problem('too-large', `The body has more than ${bodyLimit} bytes.`, {
      extensions: { maxBodyBytes: bodyLimit },
    })
  }
  if (status < 500) {
    return problem('invalid-request', `The request cannot be read: ${error.message}.`)
  }
  // The cause goes to the log, never to the client: it can name hosts and keys.
  return problem('internal', 'Unexpected failure; quote requestId when you report it.')
}

function validationProblem(error: FastifyError, { fieldsFromQuery }: FastifyRequest): Problem {
  const part = partOf(error.validationContext)
  const errors = (error.validation as unknown as Fault[]).map(({ pointer, message: detail }) => {
    const field = pointer.split('/')[1] as string
    // A field that came from the query (see body.ts) is reported there.
    const isFromQuery = part === 'body' && fieldsFromQuery?.includes(field)
    return { in: isFromQuery ? 'query' : part, pointer, detail } as const
  })
  return invalidRequest(errors)
}

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] as string
