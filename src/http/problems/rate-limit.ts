import type { ProblemSpecs } from './spec.js'

export const RATE_LIMIT_PROBLEMS = {
  'rate-limited': {
    status: 429,
    title: 'A rate limit said no',
    cause: 'The limit has no room for the cost asked.',
    remedy: 'Ask again after `retryAfterMs`.',
    retry: 'later',
  },
  unsatisfiable: {
    status: 409,
    title: 'This can never be granted',
    cause: 'The request asks for more than the whole capacity.',
    remedy: 'Ask for less, or raise the capacity.',
    retry: 'no',
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
} as const satisfies ProblemSpecs
