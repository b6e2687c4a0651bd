import { type Problem, problem } from '../http/problem.js'
import { ScriptError, StoreError } from '../redis/errors.js'

/** Turns an outage of Redis, or a failed script, into a problem. */
export function storeProblem(error: unknown): Problem | undefined {
  if (error instanceof ScriptError) return problem('outcome-unknown', error.message)
  if (!(error instanceof StoreError)) return undefined
  const { code, message, reason } = error
  return problem(code, message, {
    ...(code !== 'outcome-unknown' && { retryAfterMs: 1_000 }),
    ...(reason && { extensions: { reason } }),
  })
}
