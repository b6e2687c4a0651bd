import Type from 'typebox'
import { defineProblems } from '../http/problem.js'
import type { SharedCode } from '../http/problem-codes.js'
import { EntryKind, EntryState } from './fields.js'
import { OfferedLease } from './leases/schemas.js'

const FieldProblem = Type.Object(
  { field: Type.Optional(Type.String({ description: 'The field of an object that refused it.' })) },
  { title: 'CacheFieldProblem', examples: [{ field: 'visits' }] },
)

/** Errors of this domain; the others that its routes can answer with are shared. */
export const { specs, problem, problemResponses } = defineProblems({
  'cache-miss': {
    status: 404,
    title: 'Not in the cache',
    cause: 'The key was never filled, has expired, was invalidated, or is known to be absent.',
    remedy: 'Load the value and PUT it; with a lease in the answer, under that lease.',
    retry: 'later',
    members: Type.Object(
      { state: EntryState, lease: Type.Optional(OfferedLease) },
      {
        title: 'CacheMissProblem',
        examples: [
          { state: 'miss', lease: { status: 'held', retryAfterMs: 850 }, retryAfterMs: 850 },
        ],
      },
    ),
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
    title: 'Another kind of value',
    cause: 'A key is bytes, a counter or an object; the operation is for another kind.',
    remedy: 'Use another key, or DELETE this one first.',
    retry: 'no',
    members: Type.Object(
      { kind: EntryKind },
      { title: 'KindMismatchProblem', examples: [{ kind: 'counter' }] },
    ),
  },
  'counter-overflow': {
    status: 409,
    title: 'Counter would overflow',
    cause: 'A counter holds -2^63 to 2^63 - 1; nothing was added.',
    remedy: 'Add less, or DELETE the counter to start again.',
    retry: 'no',
    members: FieldProblem,
  },
  'not-an-integer': {
    status: 409,
    title: 'Field is no integer',
    cause: 'Only text that is an integer of 64 bits can be added to; nothing was changed.',
    remedy: 'Set the field to a number first, or increment another one.',
    retry: 'no',
    members: FieldProblem,
  },
  'origin-namespace': {
    status: 403,
    title: 'Origin does not serve the namespace',
    cause: 'The origin of the space serves the namespaces that the configuration file lists.',
    remedy: 'Use one of them, or add the namespace to `origin.namespaces`.',
    retry: 'no',
  },
  'origin-failed': {
    status: 502,
    title: 'Origin failed',
    cause: 'The origin of the space answered with an error, or with less or more than a value.',
    remedy: 'Repeat after Retry-After; look at the origin if it goes on.',
    retry: 'later',
    members: Type.Object(
      {
        originStatus: Type.Optional(
          Type.Integer({ minimum: 100, maximum: 999, description: 'What the origin answered.' }),
        ),
      },
      { title: 'OriginProblem', examples: [{ originStatus: 500, retryAfterMs: 912 }] },
    ),
  },
  'origin-unavailable': {
    status: 503,
    title: 'Origin is not available',
    cause:
      'The origin of the space cannot be reached, did not answer in time, or is not asked for a while because it failed.',
    remedy: 'Repeat after Retry-After.',
    retry: 'later',
  },
  'origin-owned': {
    status: 409,
    title: 'Origin owns the values',
    cause:
      'Writes of the space go to its origin (`write: through` or `behind`). Counters, objects, fills of leases, known absences and pipelines would pass it by.',
    remedy: 'Use PUT, DELETE, set-many or delete-many.',
    retry: 'no',
  },
  'outbox-pending': {
    status: 409,
    title: 'Value has yet to reach its origin',
    cause:
      'What the key holds was written behind, and its origin does not have it yet. Only a write of a space with `write: behind` may replace it.',
    remedy: 'Repeat once it is delivered; see the outbox of the space.',
    retry: 'later',
  },
  'outbox-full': {
    status: 429,
    title: 'Outbox is full',
    cause:
      'The origin of the space is behind by `maxPending` keys or `maxPendingBytes`, with those that failed. Nothing was stored.',
    remedy: 'Repeat after Retry-After; look at the outbox of the space, and at its origin.',
    retry: 'later',
  },
  'write-refused': {
    status: 422,
    title: 'Origin refused the write',
    cause: 'The origin of the space answered with an error of the 4xx kind. Nothing was applied.',
    remedy: 'See `originStatus`, and what the origin says of it.',
    retry: 'no',
    members: Type.Object(
      {
        originStatus: Type.Integer({
          minimum: 400,
          maximum: 499,
          description: 'What the origin answered.',
        }),
        originBody: Type.Optional(
          Type.String({
            description: 'With `exposeErrors`: the first 8 KiB of its answer, as text.',
          }),
        ),
      },
      { title: 'WriteRefusedProblem', examples: [{ originStatus: 409 }] },
    ),
  },
  'warming-running': {
    status: 409,
    title: 'Warming is running',
    cause: 'The instance that answers warms the space already; it does so once at a time.',
    remedy: 'Wait until it is done, or cancel it; `warmingId` names it.',
    retry: 'later',
    members: Type.Object(
      { warmingId: Type.String({ description: 'The warming that is running.' }) },
      { title: 'WarmingRunningProblem', examples: [{ warmingId: 'mS1yXmUe2cRZ6Jw3pQk0aA' }] },
    ),
  },
  'warming-not-found': {
    status: 404,
    title: 'Warming not found',
    cause: 'The space has no such warming, or it ended more than a day ago.',
    remedy: 'Start another one.',
    retry: 'no',
  },
  'lease-lost': {
    status: 412,
    title: 'Lease is lost',
    cause: 'The lease is over, or the key was invalidated or written after it was granted.',
    remedy: 'Read again; use the value just loaded for this request only.',
    retry: 'no',
  },
})

export type Code = keyof typeof specs | SharedCode
