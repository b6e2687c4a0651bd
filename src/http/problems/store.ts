import type { ProblemSpecs } from './spec.js'

export const STORE_PROBLEMS = {
  'store-unavailable': {
    status: 503,
    title: 'Redis is not reachable',
    cause: 'The request was not sent to Redis. Nothing was applied.',
    remedy: 'Repeat after Retry-After.',
    retry: 'later',
  },
  'outcome-unknown': {
    status: 503,
    title: 'The outcome is unknown',
    cause:
      'The request was sent to Redis, or to the origin of a space; its answer was lost, or it failed halfway. It may have been applied.',
    remedy:
      'Repeat with the same Idempotency-Key: it is then applied at most once, by an origin if it heeds such keys.',
    retry: 'same-key',
  },
  'store-full': {
    status: 503,
    title: 'Redis is full',
    cause: 'Redis has reached maxmemory and refuses new data. Nothing was applied.',
    remedy: 'Give Redis more memory, or remove data.',
    retry: 'later',
  },
  'store-not-ready': {
    status: 503,
    title: 'Redis cannot serve now',
    cause:
      'Redis is loading, read-only, busy, misconfigured, without its cluster, or forbids its user a command; see `reason`.',
    remedy: 'Repeat later; `reason` shows the operator what to repair.',
    retry: 'later',
  },
  'not-replicated': {
    status: 503,
    title: 'Too few replicas',
    cause: 'Redis has fewer replicas than min-replicas-to-write requires. Nothing was applied.',
    remedy: 'Repeat later; bring the replicas back.',
    retry: 'later',
  },
} as const satisfies ProblemSpecs
