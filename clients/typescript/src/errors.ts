import type { components } from './api.js'
import type { Problems } from './problems.js'

type Schemas = components['schemas']

export type Code = Schemas['ProblemCode']

export type ProblemOf<C extends Code> = C extends keyof Problems ? Problems[C] : Schemas['Problem']

/** The service refused the call. */
export class LockstepError<C extends Code = Code> extends Error {
  override readonly name = 'LockstepError'
  readonly code: C
  readonly problem: ProblemOf<C>

  constructor(problem: ProblemOf<C>) {
    super(`${problem.code}: ${problem.detail}`)
    this.code = problem.code as C
    this.problem = problem
  }
}

/** No answer came, or one that is not of the service: the call may have been applied. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

/**
 * The lease has ended, or may end before this process can know. `reason` is the answer of the
 * service, if the loss was noticed by it, and `cause` the error of the work, if it has one.
 */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
  readonly reason: unknown

  constructor(message: string, reason?: unknown, error = reason) {
    super(message, { cause: error })
    this.reason = reason
  }
}

/** An operator asks the holder to give way. The lease goes on until the work has ended. */
export class RevokeRequestedError extends Error {
  override readonly name = 'RevokeRequestedError'
}

/** Where a stream dropped entries: how many after `asked`, and what is there. */
export type LostPosition = components['schemas']['StreamReset']

/** The last load of the key failed; no caller loads before `retryAfterMs`. */
export class LoadFailedError extends Error {
  override readonly name = 'LoadFailedError'
  readonly retryAfterMs: number

  constructor(retryAfterMs: number) {
    super(`the last load failed; the next may begin in ${retryAfterMs} ms`)
    this.retryAfterMs = retryAfterMs
  }
}

/** Entries of a stream after `asked` were dropped before they were read. */
export class PositionLostError extends Error {
  override readonly name = 'PositionLostError'
  readonly lost: LostPosition

  constructor(lost: LostPosition) {
    super(`${lost.missed ?? 'all'} entries after ${lost.asked} are gone`)
    this.lost = lost
  }
}

/** Narrows an error to the one with this code, or one of these. */
export function isProblem<C extends Code>(
  error: unknown,
  ...codes: readonly C[]
): error is LockstepError<C> {
  return error instanceof LockstepError && (codes as readonly Code[]).includes(error.code)
}

/** Whether the service could not serve the call now. */
export const isAway = (error: unknown) =>
  error instanceof NoAnswerError || (error instanceof LockstepError && error.problem.status >= 500)
