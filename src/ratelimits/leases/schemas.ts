import Type from 'typebox'
import { DECISION_HEADERS, LIMIT_HEADERS } from '../checks/headers.js'
import { CheckQuery, closed, Key, KeyQuery, SubjectFields, UsageFields } from '../checks/schemas.js'
import { DAY_MS, YEAR_MS } from '../policies/schemas.js'

/** The largest limit of a concurrency policy. */
const MAX_WEIGHT = 10_000

const Token = Type.String({
  pattern: '^[A-Za-z0-9_-]{22}\\.[0-9]{1,5}$',
  description: 'The secret of the lease, from the answer to acquire.',
})

const TOKEN = 'q4uX0zv2T0aJ9cW1m3nB7g.1'

const expiresInMs = Type.Integer({
  minimum: 0,
  maximum: DAY_MS,
  description: 'Time left until the lease ends, never too long. Milliseconds.',
})

const weight = (minimum: number, description: string) =>
  Type.Integer({ minimum, maximum: MAX_WEIGHT, description })

const { limit } = UsageFields
const remaining = weight(0, 'Weight that would be granted now.')

export const LeaseQuery = Type.Object({ ...CheckQuery.properties, ...KeyQuery.properties }, closed)

export const AcquireRequest = Type.Object(
  {
    key: Key,
    weight: {
      ...weight(1, 'How much of the limit the lease takes, 1 to 10000. Default 1.'),
      default: 1,
    },
  },
  {
    ...closed,
    title: 'AcquireConcurrencyLeaseRequest',
    examples: [{ key: 'user-7' }, { key: 'user-7', weight: 4 }],
  },
)

const DenialFields = {
  ...SubjectFields,
  limit,
  remaining,
  unsatisfiable: Type.Boolean({ description: 'Whether the weight is above the limit.' }),
  blocked: Type.Optional(
    Type.Boolean({ description: 'True: the subject is blocked. Absent: it is not.' }),
  ),
}

export const AcquireResponse = Type.Object(
  {
    allowed: Type.Boolean({ description: 'Whether the lease was granted.' }),
    token: Type.Optional({
      ...Token,
      description: 'The secret of the lease, to renew and release it. Absent in a denial.',
    }),
    expiresInMs: Type.Optional({
      ...expiresInMs,
      description:
        'Time left until the lease ends, never too long. Milliseconds; absent in a denial.',
    }),
    retryAfterMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: YEAR_MS,
        description:
          'Denied: until enough leases have ended; a release makes room earlier. Milliseconds; absent ' +
          'if the weight never fits.',
      }),
    ),
    ...DenialFields,
  },
  {
    title: 'ConcurrencyLeaseDecision',
    description: 'The lease, or a denial.',
    headers: DECISION_HEADERS,
    examples: [
      {
        policy: 'exports',
        key: 'user-7',
        allowed: true,
        token: TOKEN,
        expiresInMs: 29_998,
        limit: 3,
        remaining: 2,
        unsatisfiable: false,
      },
      {
        policy: 'exports',
        key: 'user-7',
        allowed: false,
        limit: 3,
        remaining: 0,
        unsatisfiable: false,
        retryAfterMs: 12_040,
      },
    ],
  },
)

/** The members of a denial that is a 429. */
export const DeniedMembers = Type.Object(DenialFields, {
  title: 'ConcurrencyLimitedProblem',
  description: 'A denial by a concurrency policy.',
  examples: [
    {
      policy: 'exports',
      key: 'user-7',
      limit: 3,
      remaining: 0,
      unsatisfiable: false,
      retryAfterMs: 12_040,
    },
  ],
})

export const InspectQuery = Type.Object({ key: Key }, closed)

export const InspectResponse = Type.Object(
  {
    ...SubjectFields,
    limit,
    inFlight: weight(0, 'Weight of the live leases.'),
    leases: Type.Integer({
      minimum: 0,
      maximum: MAX_WEIGHT,
      description: 'Number of live leases.',
    }),
    remaining,
    resetAfterMs: Type.Integer({
      minimum: 0,
      maximum: DAY_MS,
      description: 'Until the last of them ends. Milliseconds, rounded up.',
    }),
    blockExpiresInMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: YEAR_MS,
        description: 'Time until the block of the subject ends. Milliseconds; absent: not blocked.',
      }),
    ),
  },
  {
    title: 'ConcurrencyUsage',
    description: 'What is in flight. Only their holders know the tokens of leases.',
    headers: LIMIT_HEADERS,
    examples: [
      {
        policy: 'exports',
        key: 'user-7',
        limit: 3,
        inFlight: 2,
        leases: 2,
        remaining: 1,
        resetAfterMs: 29_998,
      },
    ],
  },
)

export const LeaseRequest = Type.Object(
  { key: Key, token: Token },
  {
    ...closed,
    title: 'ConcurrencyLeaseRequest',
    examples: [{ key: 'user-7', token: TOKEN }],
  },
)

export const RenewResponse = Type.Object(
  { ...SubjectFields, token: Token, expiresInMs },
  {
    title: 'ConcurrencyLease',
    description: 'The lease has its full lifetime from now.',
    examples: [{ policy: 'exports', key: 'user-7', token: TOKEN, expiresInMs: 29_998 }],
  },
)

export const ReleaseResponse = Type.Object(
  {
    ...SubjectFields,
    released: Type.Boolean({
      description: 'False: it was released before, or it had expired.',
    }),
  },
  {
    title: 'ConcurrencyLeaseRelease',
    description: 'The lease does not exist now.',
    examples: [{ policy: 'exports', key: 'user-7', released: true }],
  },
)
