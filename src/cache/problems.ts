import { defineProblems } from '../http/problem.js'

/** Errors of this domain; the others that its routes can answer with are shared. */
export const { specs, problem, problemResponses } = defineProblems({
  'cache-miss': {
    status: 404,
    title: 'The cache has no value for this key',
    cause: 'The key was never filled, has expired, was invalidated, or is known to be absent.',
    remedy: 'Load the value and PUT it.',
    retry: 'later',
  },
  'space-not-found': {
    status: 404,
    title: 'Space not found',
    cause: 'The space has no settings of its own: it caches by the defaults.',
    remedy: 'PUT its settings, or compare the name with the list of spaces.',
    retry: 'no',
  },
  'kind-mismatch': {
    status: 409,
    title: 'The key holds another kind of value',
    cause: 'A key is bytes, a counter or an object; the operation is for another kind.',
    remedy: 'Use another key, or DELETE this one first.',
    retry: 'no',
  },
  'counter-overflow': {
    status: 409,
    title: 'The sum would leave 64 bits',
    cause: 'A counter holds -2^63 to 2^63 - 1; nothing was added.',
    remedy: 'Add less, or DELETE the counter to start again.',
    retry: 'no',
  },
  'not-an-integer': {
    status: 409,
    title: 'A field to increment holds no integer',
    cause: 'Only text that is an integer of 64 bits can be added to; nothing was changed.',
    remedy: 'Set the field to a number first, or increment another one.',
    retry: 'no',
  },
  'lease-lost': {
    status: 412,
    title: 'The fill came too late',
    cause: 'The key was invalidated or written after the lease was granted.',
    remedy: 'Read again; use the value just loaded for this request only.',
    retry: 'no',
  },
})
