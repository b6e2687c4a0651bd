import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { LineLimit } from '../logging/line-limit.js'
import { type Problem, problem } from './problem.js'
import { newRequestId } from './request-id.js'
import { toBody } from './send-problem.js'

/** The error of Node for a connection without a readable request. */
interface ParserError extends Error {
  readonly code?: string
  readonly reason?: string
}

/** Node's handler of these errors reads this field as well: the answer that is due next. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: { headersSent: boolean; req: { complete: boolean } } | null
}

export interface ParserErrorOptions {
  readonly logger: FastifyBaseLogger
  readonly timeoutMs: number
  readonly onError: (code: string) => void
}

/** Clients that speak no HTTP must not fill the log. */
const LINES = { max: 5, periodMs: 1_000 }

/** Lets a client that still sends read the answer before the connection is reset. */
const LINGER_MS = 1_000

/** Answers a connection without a request: no hook runs, so id, count and log line are made here. */
export function createParserErrorHandler({ logger, timeoutMs, onError }: ParserErrorOptions) {
  const limit = new LineLimit({
    ...LINES,
    onRest: (outcome, count) => logger.info({ outcome, count }, 'more requests not understood'),
  })
  return (error: ParserError, socket: HttpSocket): void => {
    const found = toProblem(error, timeoutMs)
    if (found === undefined || !isAnswerDue(socket)) {
      socket.destroy()
      return
    }
    const id = newRequestId()
    onError(found.code)
    if (limit.take(found.code)) {
      logger.info({ reqId: id, outcome: found.code, reason: error.code }, 'request not understood')
    }
    socket.end(toAnswer(found, id))
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }
}

/** Undefined: the client is gone, or speaks no HTTP. */
function toProblem({ code = '', reason }: ParserError, timeoutMs: number): Problem | undefined {
  switch (code) {
    // Never 408: clients and proxies repeat such a request by themselves.
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('invalid-request', `The request did not arrive within ${timeoutMs} ms.`)
    case 'HPE_HEADER_OVERFLOW':
      return problem('headers-too-large', 'The headers have more than 16 KiB.')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return problem('too-large', 'The extensions of a chunk have more than 16 KiB.')
    default:
      return code.startsWith('HPE_')
        ? problem('invalid-request', `The request is not HTTP: ${reason}.`)
        : undefined
  }
}

/**
 * False while an earlier request of this connection waits for its answer: the client would take this
 * one for it, a refusal of what may have been applied.
 */
function isAnswerDue({ writable, _httpMessage: due }: HttpSocket): boolean {
  return writable && !(due && (due.headersSent || due.req.complete))
}

function toAnswer(found: Problem, id: string): string {
  const { status } = found.spec
  const body = toBody(found, id)
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: private, no-store',
    `x-request-id: ${id}`,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}
