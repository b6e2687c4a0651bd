import { defineProblems, type Problem } from '../http/problem.js'

/** Errors of this domain; the others that its routes can answer with are shared. */
export const { specs, problem, problemResponses } = defineProblems({
  'rate-limited': {
    status: 429,
    title: 'A rate limit said no',
    cause: 'The limit has no room for the cost asked.',
    remedy: 'Ask again after `retryAfterMs`.',
    retry: 'later',
  },
  'reservation-expired': {
    status: 410,
    title: 'There is no such reservation any more',
    cause: 'It was committed or cancelled before, its time is over, or it never was.',
    remedy:
      'Nothing: what was reserved and not settled stays consumed until the limit forgets it. ' +
      'Give a refund where it must not.',
    retry: 'no',
  },
})

export const unknownPolicy = (name: string): Problem =>
  problem('not-found', `There is no policy named ${name}.`)

/** Said of a policy of concurrency where something counts calls. */
export const COUNTS_LEASES = 'counts leases, not calls: see its leases'

/** A denial as a status; what never can be allowed names no time. */
export const rateLimited = ({
  retryAfterMs,
  ...extensions
}: {
  readonly retryAfterMs?: number
}): Problem =>
  problem('rate-limited', 'A limit has no room for this.', {
    extensions,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
