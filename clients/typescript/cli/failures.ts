import { CommanderError } from 'commander'
import { LeaseLostError, LockstepError, NoAnswerError } from '../src/errors.js'

/** Exit codes: those of sysexits.h where they fit, as in deploy/lock-run.sh. */
export const EXIT = {
  ok: 0,
  /** What was asked for is not there, or a part of the work was refused. */
  missing: 1,
  /** Wrong use, or a request that the service refuses. */
  usage: 64,
  unavailable: 69,
  /** An error in this program. */
  software: 70,
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

/** Nothing is printed: the reader of the output is gone. */
const isClosedPipe = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EPIPE'

export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  if (error instanceof CommanderError) return ofCommander(error)
  if (error instanceof LockstepError) return ofProblem(error)
  if (error instanceof NoAnswerError) return new Failure(EXIT.unavailable, withCause(error))
  if (error instanceof LeaseLostError) return new Failure(EXIT.later, error.message)
  if (isClosedPipe(error)) return new Failure(EXIT.ok)
  return new Failure(EXIT.software, (error as Error).stack ?? String(error))
}

/** Commander has printed help, a version or what is wrong. */
const ofCommander = ({ exitCode }: CommanderError) =>
  new Failure(exitCode === 0 ? EXIT.ok : EXIT.usage)

function ofProblem({ problem }: LockstepError): Failure {
  const { status, title, detail } = problem
  const faults = 'errors' in problem ? problem.errors.map(({ detail }) => detail) : []
  return new Failure(codeOf(status), `${title}: ${[detail, ...faults].join(' ')}`)
}

function codeOf(status: number): number {
  if (status === 401 || status === 403) return EXIT.forbidden
  if (status === 404 || status === 410) return EXIT.missing
  if (status === 423 || status === 429) return EXIT.later
  return status < 500 ? EXIT.usage : EXIT.unavailable
}

function withCause({ message, cause }: NoAnswerError): string {
  const reason = (cause as { cause?: NodeJS.ErrnoException } | undefined)?.cause
  return reason?.code ? `${message} (${reason.code})` : message
}
