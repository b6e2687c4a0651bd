import { defineProblems, type Problem } from '../http/problem.js'

/** Errors of this domain; the others that its routes can answer with are shared. */
export const { specs, problem, problemResponses, responses } = defineProblems({
  'rate-limited': {
    status: 429,
    title: 'A rate limit denied the request',
    cause: 'The limit has no room for the requested cost.',
    remedy: 'Ask again after `retryAfterMs`.',
    retry: 'later',
  },
  'reservation-expired': {
    status: 410,
    title: 'The reservation does not exist any more',
    cause: 'It was committed or cancelled before, it has expired, or it was never made.',
    remedy:
      'A reserved cost that was not settled stays consumed until the limit forgets it; give it back ' +
      'with a refund if it must not.',
    retry: 'no',
  },
})

export const unknownPolicy = (name: string): Problem =>
  problem('not-found', `There is no policy named ${name}.`)

/** The fault of a concurrency policy in a request that counts calls. */
export const COUNTS_LEASES = 'counts leases, not calls: see its leases'

/** A denial as a status. A cost that can never be allowed has no retry time. */
export const rateLimited = (
  { retryAfterMs, ...extensions }: { readonly retryAfterMs?: number },
  detail = 'A limit has no room for this cost.',
): Problem =>
  problem('rate-limited', detail, {
    extensions,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
