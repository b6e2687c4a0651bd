import { Problem } from '../http/problem.js'

export const unknownPolicy = (name: string): Problem =>
  new Problem('not-found', `There is no policy named ${name}.`)

/** Said of a policy of concurrency where something counts calls. */
export const COUNTS_LEASES = 'counts leases, not calls: see its leases'

export const idempotencyConflict = (): Problem =>
  new Problem('idempotency-conflict', 'This Idempotency-Key was used for another request.')

/** A denial as a status; what never can be allowed names no time. */
export const rateLimited = ({
  retryAfterMs,
  ...extensions
}: {
  readonly retryAfterMs?: number
}): Problem =>
  new Problem('rate-limited', 'A limit has no room for this.', {
    extensions,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
