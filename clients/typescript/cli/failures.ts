import { CommanderError } from 'commander'
import { LeaseLostError, LockstepError, NoAnswerError } from '../src/errors.js'

/** Exit codes: those of sysexits.h where they fit, as in deploy/lock-run.sh. */
export const EXIT = {
  ok: 0,
  /** What was asked for is not there, or a part of the work was refused. */
  missing: 1,
  /** Wrong use, or a request that the service refuses. */
  usage: 64,
  /** No service answers, or it cannot serve. */
  unavailable: 69,
  /** An error in this program. */
  software: 70,
  /** What was asked for cannot be written. */
  output: 74,
  /** The lock is taken, the limit is reached, the queue is full: try again later. */
  later: 75,
  /** The API token is missing, unknown, or does not allow it. */
  forbidden: 77,
} as const

/** Ends the program with a code and a line on stderr, or without one. */
export class Failure extends Error {
  readonly code: number

  constructor(code: number, message = '') {
    super(message)
    this.code = code
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  if (error instanceof CommanderError) return ofCommander(error)
  if (error instanceof LockstepError) return ofProblem(error)
  if (error instanceof NoAnswerError) return new Failure(EXIT.unavailable, withCause(error))
  if (error instanceof LeaseLostError) return new Failure(EXIT.later, error.message)
  return new Failure(EXIT.software, (error as Error).stack ?? String(error))
}

/** Standard output cannot be written. That its reader is gone is no failure. */
export const outputFailureOf = ({ code, message }: NodeJS.ErrnoException): Failure =>
  code === 'EPIPE'
    ? new Failure(EXIT.ok)
    : new Failure(EXIT.output, `the output cannot be written: ${message}`)

/** Commander has printed help, a version or what is wrong. */
const ofCommander = ({ exitCode }: CommanderError) =>
  new Failure(exitCode === 0 ? EXIT.ok : EXIT.usage)

function ofProblem({ problem }: LockstepError): Failure {
  const { status, title, detail } = problem
  // `detail` has the first.
  const faults = 'errors' in problem ? problem.errors.slice(1).map(({ detail }) => detail) : []
  return new Failure(codeOf(status), `${title}: ${[detail, ...faults].join(' ')}`)
}

function codeOf(status: number): number {
  if (status === 401 || status === 403) return EXIT.forbidden
  if (status === 404 || status === 410) return EXIT.missing
  if (status === 423 || status === 429) return EXIT.later
  return status < 500 ? EXIT.usage : EXIT.unavailable
}

function withCause({ message, cause }: NoAnswerError): string {
  const code = codeIn(cause)
  return code ? `${message} (${code})` : message
}

function codeIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, cause } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : codeIn(cause)
}
