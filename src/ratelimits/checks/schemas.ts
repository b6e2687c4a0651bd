import Type from 'typebox'
import { ObjectName, ResourceName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { InlineFields } from '../policies/schemas.js'

export const closed = { additionalProperties: false } as const

export const Key = {
  ...ObjectName,
  description: 'Who or what is limited: 1 to 512 bytes of UTF-8.',
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
  maximum: 1_000_000_000,
  description: 'Requested cost. Default 1.',
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
    onDeny: Type.Enum(['200', '429'], {
      default: '200',
      description: 'Status of a denial. Default 200: see `allowed`.',
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
      default: 'all',
      description: 'all: one denial denies everything and nothing is consumed. Default all.',
    }),
    take: Type.Enum(['exact', 'up-to'], {
      default: 'exact',
      description:
        'up-to: as much of the cost as remains, at least 1; in mode all the costs must be equal, and ' +
        'each limit grants the same. Default exact.',
    }),
    peek: Type.Boolean({ default: false, description: 'Consume nothing; checks a cost of 1.' }),
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
  Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: SEND_ONCE }),
)

export const OneQuery = Type.Object(
  { ...CheckQuery.properties, ...KeyQuery.properties, cost: SameCost },
  closed,
)

export const OneRequest = Type.Object(
  { key: Key, cost: Cost },
  { ...closed, examples: [{ key: 'user-7' }] },
)

export const KeyRequest = Type.Object({ key: Key }, { ...closed, examples: [{ key: 'user-7' }] })

/** What one subject has used of a limit. */
export const UsageFields = {
  limit: Type.Integer({ description: 'Of the policy, or of the override of this subject.' }),
  remaining: Type.Integer({ description: 'Cost that would be allowed now.' }),
  resetAfterMs: Type.Integer({ description: 'Until the usage is zero.' }),
}

const Result = Type.Object({
  policy: ResourceName,
  key: ObjectName,
  allowed: Type.Boolean(),
  ...UsageFields,
  retryAfterMs: Type.Optional(
    Type.Integer({ description: 'Until this cost may be allowed; 0 if it is.' }),
  ),
  delayMs: Type.Integer({
    description: 'leaky-bucket: how long the caller must wait before it starts; else 0.',
  }),
  granted: Type.Integer({ description: 'Cost that was consumed.' }),
  unsatisfiable: Type.Boolean({ description: 'The cost can never be allowed.' }),
  blocked: Type.Optional(Type.Boolean({ description: 'The subject is blocked.' })),
  listed: Type.Optional(
    Type.Enum(['allow', 'deny'], { description: 'The subject is on a list of the policy.' }),
  ),
  shadow: Type.Optional(Type.Boolean({ description: 'The limit does not affect the verdict.' })),
  takenAtMs: Type.Integer({ description: 'Time of Redis at the decision, since 1970.' }),
  degraded: Type.Optional(
    Type.Enum(['open', 'local'], {
      description:
        'Redis did not answer, and `onError` decided: open, or local in this instance alone. Absent when Redis decided.',
    }),
  ),
})

const ALLOWED = {
  policy: 'api',
  key: 'user-7',
  limit: 100,
  delayMs: 0,
  unsatisfiable: false,
  takenAtMs: 1_795_248_000_000,
  allowed: true,
  remaining: 37,
  resetAfterMs: 37_800,
  retryAfterMs: 0,
  granted: 1,
}

const DENIED = { allowed: false, remaining: 0, retryAfterMs: 600 }

export const CheckResponse = Type.Object(
  {
    allowed: Type.Boolean(),
    remaining: Type.Integer({ description: 'Of the tightest limit.' }),
    retryAfterMs: Type.Optional(
      Type.Integer({ description: 'Until all may be allowed; absent if never.' }),
    ),
    results: Type.Array(Result, { description: 'In the order of the request.' }),
  },
  {
    description: 'The decision, which may be a denial.',
    examples: [
      { allowed: true, remaining: 37, retryAfterMs: 0, results: [ALLOWED] },
      { ...DENIED, results: [{ ...ALLOWED, ...DENIED, resetAfterMs: 60_000, granted: 0 }] },
    ],
  },
)
