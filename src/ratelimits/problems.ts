import { defineProblems, type Problem } from '../http/problem.js'
import { LIMIT_HEADERS } from './checks/headers.js'
import { DeniedMembers } from './checks/schemas.js'
import { DeniedMembers as DeniedLeaseMembers } from './leases/schemas.js'

/** Errors of this domain; the others that its routes can answer with are shared. */
export const { specs, problem, problemResponses, responses } = defineProblems({
  'policy-not-found': {
    status: 404,
    title: 'Policy not found',
    cause: 'The namespace has no rate limit policy of this name.',
    remedy: 'Create it with PUT /v1/ratelimit-policies/{policy}, or correct the name.',
    retry: 'no',
  },
  'override-not-found': {
    status: 404,
    title: 'Override not found',
    cause: 'The subject has no override of this policy.',
    remedy: 'Create it with PUT; the limit of the policy holds for the subject.',
    retry: 'no',
  },
  'rate-limited': {
    status: 429,
    title: 'Rate limit exceeded',
    cause: 'The limit has no room for the requested cost.',
    remedy: 'Ask again after `retryAfterMs`.',
    retry: 'later',
    members: DeniedMembers,
  },
  'concurrency-limited': {
    status: 429,
    title: 'Concurrency limit reached',
    cause: 'The live leases of the subject leave no room for the requested weight.',
    remedy: 'Ask again after `retryAfterMs`; a release makes room earlier.',
    retry: 'later',
    members: DeniedLeaseMembers,
  },
  'reservation-expired': {
    status: 410,
    title: 'Reservation has ended',
    cause: 'It was committed or cancelled before, it has expired, or it was never made.',
    remedy:
      'A reserved cost that was not settled stays consumed until the limit forgets it; give it back ' +
      'with a refund if it must not.',
    retry: 'no',
  },
})

export const unknownPolicy = (name: string): Problem =>
  problem('policy-not-found', `There is no policy named ${name}.`)

/** The fault of a concurrency policy in a request that counts calls. */
export const COUNTS_LEASES = 'counts leases, not calls: see its leases'

/** What one limit decided. */
interface LimitDenial {
  readonly policy: string
  readonly remaining: number
  readonly blocked?: boolean
}

/** A decision that denies. A cost that can never be allowed has no retry time. */
interface Denial {
  readonly allowed: boolean
  readonly retryAfterMs?: number
}

const denial = (
  code: 'rate-limited' | 'concurrency-limited',
  { policy, remaining, blocked }: LimitDenial,
  { allowed: _, retryAfterMs, ...extensions }: Denial,
): Problem => {
  const detail = blocked
    ? `${policy} blocks this subject.`
    : `${policy} has no room for this request: ${remaining} remain.`
  return problem(code, detail, {
    extensions,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

interface Result extends LimitDenial {
  readonly allowed: boolean
  readonly shadow?: boolean
}

/** A denial of costs as a status. */
export function rateLimited(decision: Denial & { readonly results: readonly Result[] }): Problem {
  const first = decision.results.find(({ allowed, shadow }) => !allowed && !shadow)
  return denial('rate-limited', first as Result, decision)
}

/** A denial of a lease as a status. */
export const concurrencyLimited = (decision: Denial & LimitDenial): Problem =>
  denial('concurrency-limited', decision, decision)

/** The responses of a route that may deny with a status; it says what the limits leave. */
export const withDenials = <R extends object>(responses: R): R => ({
  ...responses,
  429: { ...(responses as { 429?: object })[429], headers: LIMIT_HEADERS },
})
