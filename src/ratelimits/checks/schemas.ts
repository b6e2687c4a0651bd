import Type from 'typebox'
import { ObjectName, ResourceName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { DAY_MS, InlineFields, MAX_COST } from '../policies/schemas.js'
import { DECISION_HEADERS } from './headers.js'

export const closed = { additionalProperties: false } as const

export const Key = {
  ...ObjectName,
  description:
    'Who or what is limited: 1 to 512 bytes of UTF-8 without control characters, not "." or "..".',
}

/** The subject of an answer. */
export const SubjectFields = {
  policy: { ...ResourceName, description: 'Name of the policy, or of the inline limit.' },
  key: { ...ObjectName, description: 'Who or what is limited.' },
}

/** The answer to what clears a part of a subject. */
export const SubjectChange = Type.Object(
  {
    ...SubjectFields,
    changed: Type.Boolean({ description: 'False: there was nothing to end or to delete.' }),
  },
  {
    title: 'RateLimitSubjectChange',
    description: 'The subject, and whether anything changed.',
    examples: [{ policy: 'api', key: 'user-7', changed: true }],
  },
)

export const Cost = Type.Integer({
  default: 1,
  minimum: 1,
  maximum: MAX_COST,
  description: 'Requested cost, 1 to 1000000000. Default 1.',
})

/** A limit of a stored `policy`, or an inline one with a `name`. */
const Limit = Type.Object(
  {
    policy: Type.Optional({ ...ResourceName, description: 'Name of a stored policy.' }),
    name: Type.Optional({ ...ResourceName, description: 'Name of an inline limit.' }),
    ...InlineFields,
    key: Key,
    cost: Cost,
  },
  { ...closed, ...exactlyOneOf('policy', 'name'), title: 'RequestedRateLimit' },
)

export const CheckQuery = Type.Object(
  {
    onDeny: Type.Enum(['report', 'reject'], {
      title: 'OnDeny',
      default: 'report',
      description:
        'What a denial is: report: 200 with `allowed: false`; reject: 429 `rate-limited` or ' +
        '`concurrency-limited`. Default report.',
    }),
  },
  closed,
)

export const CheckRequest = Type.Object(
  {
    limits: Type.Array(Limit, {
      minItems: 1,
      maxItems: 32,
      description: '1 to 32 limits, no two the same.',
    }),
    mode: Type.Enum(['all', 'each'], {
      title: 'RateLimitCheckMode',
      default: 'all',
      description:
        'all: one denial denies everything and nothing is consumed. each: every limit is decided ' +
        'alone. Default all.',
    }),
    take: Type.Enum(['exact', 'up-to'], {
      title: 'RateLimitTake',
      default: 'exact',
      description:
        'exact: the whole cost or nothing. up-to: as much of the cost as remains, at least 1; in mode ' +
        'all the costs must be equal, and each limit grants the same. Default exact.',
    }),
    peek: Type.Boolean({
      default: false,
      description: 'Consume nothing; checks a cost of 1. Default false.',
    }),
  },
  {
    ...closed,
    title: 'CheckRateLimitsRequest',
    examples: [
      {
        limits: [
          { policy: 'api', key: 'user-7' },
          { name: 'burst', limit: 10, windowMs: 1_000, key: 'user-7' },
        ],
      },
    ],
  },
)

const SEND_ONCE = 'The same as in the body; send it once.'

export const KeyQuery = Type.Object(
  { key: Type.Optional({ ...Key, description: SEND_ONCE }) },
  closed,
)

export const SameCost = Type.Optional(
  Type.Integer({ minimum: 1, maximum: MAX_COST, description: SEND_ONCE }),
)

export const OneQuery = Type.Object(
  { ...CheckQuery.properties, ...KeyQuery.properties, cost: SameCost },
  closed,
)

export const OneRequest = Type.Object(
  { key: Key, cost: Cost },
  {
    ...closed,
    title: 'CheckRateLimitRequest',
    examples: [{ key: 'user-7' }, { key: 'user-7', cost: 5 }],
  },
)

export const KeyRequest = Type.Object(
  { key: Key },
  { ...closed, title: 'RateLimitSubjectRequest', examples: [{ key: 'user-7' }] },
)

/** Of waiting times, which debts and long windows make long. */
const WaitMs = (description: string) =>
  Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: `${description} Milliseconds, rounded up.`,
  })

const cost = (minimum: number, description: string) =>
  Type.Integer({ minimum, maximum: MAX_COST, description })

/** What one subject has used of a limit. */
export const UsageFields = {
  limit: cost(1, 'Cost per window: of the policy, or of the override of this subject.'),
  remaining: cost(0, 'Cost that would be allowed now.'),
  resetAfterMs: WaitMs('Until the usage is zero.'),
}

const Result = Type.Object(
  {
    ...SubjectFields,
    allowed: Type.Boolean({ description: 'Whether this limit has room for the cost.' }),
    ...UsageFields,
    retryAfterMs: Type.Optional(
      WaitMs('Until this cost may be allowed; 0: it is. Absent: it can never be allowed.'),
    ),
    delayMs: Type.Integer({
      minimum: 0,
      maximum: DAY_MS,
      description:
        'leaky-bucket: how long the caller must wait before it starts; otherwise 0. Milliseconds.',
    }),
    granted: cost(0, 'Cost that was consumed.'),
    unsatisfiable: Type.Boolean({ description: 'Whether the cost can never be allowed.' }),
    blocked: Type.Optional(
      Type.Boolean({ description: 'True: the subject is blocked. Absent: it is not.' }),
    ),
    listed: Type.Optional(
      Type.Enum(['allow', 'deny'], {
        title: 'RateLimitListing',
        description: 'The list of the policy that has the subject. Absent: none.',
      }),
    ),
    shadow: Type.Optional(
      Type.Boolean({
        description: 'True: the limit does not affect the decision. Absent: it does.',
      }),
    ),
    takenAt: Type.String({
      format: 'date-time',
      description: 'Time of Redis at the decision. RFC 3339 with milliseconds, in UTC.',
    }),
    degraded: Type.Optional(
      Type.Enum(['open', 'local'], {
        title: 'RateLimitDegradation',
        description:
          'Redis did not answer, and `onError` decided: open, or local in this instance alone. Absent when Redis decided.',
      }),
    ),
  },
  { title: 'RateLimitResult', description: 'What one limit decided.' },
)

const ALLOWED = {
  policy: 'api',
  key: 'user-7',
  limit: 100,
  delayMs: 0,
  unsatisfiable: false,
  takenAt: '2026-11-21T01:10:00.123Z',
  allowed: true,
  remaining: 37,
  resetAfterMs: 37_800,
  retryAfterMs: 0,
  granted: 1,
}

const DENIED = { allowed: false, remaining: 0, retryAfterMs: 600 }
const DENIED_RESULT = { ...ALLOWED, ...DENIED, resetAfterMs: 60_000, granted: 0 }

const DecisionFields = {
  remaining: cost(0, 'Cost that the tightest limit would allow now.'),
  results: Type.Array(Result, { description: 'One for each limit, in the order of the request.' }),
}

export const CheckResponse = Type.Object(
  {
    allowed: Type.Boolean({ description: 'Whether all limits have room for their cost.' }),
    retryAfterMs: Type.Optional(WaitMs('Until all may be allowed. Absent: never.')),
    ...DecisionFields,
  },
  {
    title: 'RateLimitDecision',
    description: 'The decision, which may be a denial.',
    headers: DECISION_HEADERS,
    examples: [
      { allowed: true, remaining: 37, retryAfterMs: 0, results: [ALLOWED] },
      { ...DENIED, results: [DENIED_RESULT] },
    ],
  },
)

/** The members of a denial that is a 429. */
export const DeniedMembers = Type.Object(DecisionFields, {
  title: 'RateLimitedProblem',
  description: 'A denial by rate limits.',
  examples: [{ remaining: 0, retryAfterMs: 600, results: [DENIED_RESULT] }],
})
