import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { PROBLEMS, type ProblemCode, type ProblemSpec } from './problem-codes.js'
import { validationProblem } from './validation-errors.js'

const ProblemDetails = Type.Object(
  {
    type: Type.String({ format: 'uri-reference', description: 'Page that explains the code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened to this very request.' }),
    code: Type.String({ description: 'Stable name of the error; see docs/errors.md.' }),
    requestId: Type.String(),
  },
  { additionalProperties: true, description: 'RFC 9457 problem details' },
)

/** The response entry of a route that can fail in the named ways, all of one status. */
export function problemResponse(...codes: [ProblemCode, ...ProblemCode[]]) {
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
    content: {
      'application/problem+json': {
        schema: ProblemDetails,
        examples: Object.fromEntries(codes.map((code) => [code, { value: example(code) }])),
      },
    },
  }
}

/** The response entries, by status, of a route that can fail in the named ways. */
export function problemResponses(...codes: ProblemCode[]) {
  const byStatus = new Map<number, [ProblemCode, ...ProblemCode[]]>()
  for (const code of codes) {
    const { status } = PROBLEMS[code]
    const known = byStatus.get(status)
    if (known) known.push(code)
    else byStatus.set(status, [code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [status, problemResponse(...list)] as const),
  )
}

/** What every route behind Redis can answer besides its own outcomes. */
export const COMMON_PROBLEMS = [
  'invalid-request',
  'unauthenticated',
  'origin-refused',
  'host-refused',
  'forbidden',
  'too-large',
  'unsupported-media-type',
  'store-unavailable',
  'outcome-unknown',
  'store-full',
  'store-not-ready',
  'not-replicated',
  'overloaded',
  'draining',
  'internal',
] as const satisfies readonly ProblemCode[]

interface More {
  /** Members added to the body, per code. */
  readonly extensions?: Readonly<Record<string, unknown>>
  /** When the same request is worth another try; sent exactly, and as Retry-After in seconds. */
  readonly retryAfterMs?: number
  /** Caps the header only: a client should look again although the body names a later time. */
  readonly maxRetryAfterS?: number
}

/** Thrown by routes only. Stores return outcomes; a route decides which of them is an error. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly more: More

  constructor(code: ProblemCode, detail: string, more: More = {}) {
    super(detail)
    this.code = code
    this.more = more
  }
}

/** Turns an error of another room into a problem, or leaves it alone. */
export type Translate = (error: unknown) => Problem | undefined

export function installProblems(app: FastifyInstance, translate: Translate): void {
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      request,
      reply,
      new Problem('not-found', `${request.method} ${pathOf(request)} is not an endpoint.`),
    ),
  )
  app.setErrorHandler<FastifyError | Problem>((error, request, reply) =>
    sendProblem(request, reply, toProblem(error, request, translate), error),
  )
}

/** Also the answer to errors of the router itself, which never reach the error handler. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
  cause: unknown = problem,
): FastifyReply {
  const { status, title } = PROBLEMS[problem.code]
  const { extensions, retryAfterMs, maxRetryAfterS = Number.POSITIVE_INFINITY } = problem.more
  // Whole seconds, rounded up: an earlier retry would be refused again.
  const seconds =
    retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(retryAfterMs / 1_000))
  if (seconds !== undefined) reply.header('retry-after', Math.min(seconds, maxRetryAfterS))
  reply.outcome = problem.code
  if (status >= 500) reply.failure = cause
  return reply
    .code(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `/errors/${problem.code}`,
        title,
        status,
        detail: problem.message,
        code: problem.code,
        requestId: request.id,
        ...(retryAfterMs !== undefined && { retryAfterMs: Math.ceil(retryAfterMs) }),
        ...extensions,
      }),
    )
}

const BY_FRAMEWORK_STATUS: Readonly<Record<number, ProblemCode>> = {
  404: 'not-found',
  413: 'too-large',
  415: 'unsupported-media-type',
}

/** What Fastify, a validator or another room threw, in our own words. */
export function toProblem(
  error: FastifyError | Problem,
  request: FastifyRequest,
  translate: Translate = () => undefined,
): Problem {
  if (error instanceof Problem) return error
  if (error.validation) {
    const { detail, errors } = validationProblem(error, request)
    return new Problem('invalid-request', detail, { extensions: { errors } })
  }
  const translated = translate(error)
  if (translated) return translated

  const status = error.statusCode ?? 500
  if (status === 415) {
    return new Problem(
      'unsupported-media-type',
      `${request.headers['content-type'] ?? 'A body without a type'} is not accepted; send application/json (curl --json).`,
    )
  }
  if (status < 500) {
    const code = BY_FRAMEWORK_STATUS[status] ?? 'invalid-request'
    const errors = [{ pointer: 'request', message: error.message }]
    return new Problem(
      code,
      error.message,
      code === 'invalid-request' ? { extensions: { errors } } : {},
    )
  }
  // The cause goes to the log, never to the client: it can name hosts and keys.
  return new Problem('internal', 'Unexpected failure; quote requestId when you report it.')
}

/** A 400 about one place, for rules that a schema cannot express. */
export const invalid = (pointer: string, message: string): Problem =>
  new Problem('invalid-request', `${pointer} ${message}`, {
    extensions: { errors: [{ pointer, message }] },
  })

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] as string

function example(code: ProblemCode) {
  const { status, title, cause, members }: ProblemSpec = PROBLEMS[code]
  const always = { type: `/errors/${code}`, title, status, detail: cause, code, requestId: 'req-1' }
  return { ...always, ...members }
}
