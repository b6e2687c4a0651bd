import Type from 'typebox'
import { ObjectName, ResourceName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { InlineFields } from '../policies/schemas.js'

export const Key = {
  ...ObjectName,
  description: 'Who or what is limited: 1 to 512 bytes of UTF-8.',
}

export const Cost = Type.Integer({
  default: 1,
  minimum: 1,
  maximum: 1_000_000_000,
  description: 'How much is asked for. Default 1.',
})

/** A stored policy, or one given here: then `name` takes the place of `policy`. */
const Limit = Type.Object(
  {
    policy: Type.Optional({ ...ResourceName, description: 'Name of a stored policy.' }),
    name: Type.Optional({ ...ResourceName, description: 'Name of a limit given here.' }),
    ...InlineFields,
    key: Key,
    cost: Cost,
  },
  { additionalProperties: false, ...exactlyOneOf('policy', 'name') },
)

export const CheckQuery = Type.Object(
  {
    onDeny: Type.Enum(['200', '429'], {
      default: '200',
      description: 'Status of a denial. Default 200: the answer says it.',
    }),
  },
  { additionalProperties: false },
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
        'up-to: as much of the cost as is left, 1 at the least; with mode all the costs must be ' +
        'equal, and each limit grants the same. Default exact.',
    }),
    peek: Type.Boolean({ default: false, description: 'Consume nothing; asks about cost 1.' }),
  },
  {
    additionalProperties: false,
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

export const OnePolicyParams = Type.Object({ policy: ResourceName })

const SEND_ONCE = 'The same as in the body; send it once.'

export const KeyQuery = Type.Object(
  { key: Type.Optional({ ...Key, description: SEND_ONCE }) },
  { additionalProperties: false },
)

export const SameCost = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: SEND_ONCE }),
)

export const OneQuery = Type.Object(
  { ...CheckQuery.properties, ...KeyQuery.properties, cost: SameCost },
  { additionalProperties: false },
)

export const OneRequest = Type.Object(
  { key: Key, cost: Cost },
  { additionalProperties: false, examples: [{ key: 'user-7' }] },
)

export const PeekRequest = Type.Object(
  { key: Key },
  { additionalProperties: false, examples: [{ key: 'user-7' }] },
)

/** What is left of one limit. */
export const Left = {
  limit: Type.Integer({ description: 'Of the policy, or of the override of this subject.' }),
  remaining: Type.Integer({ description: 'Cost that would be allowed now.' }),
  resetAfterMs: Type.Integer({ description: 'Until nothing is consumed any more.' }),
}

const Result = Type.Object({
  policy: ResourceName,
  key: ObjectName,
  allowed: Type.Boolean(),
  ...Left,
  retryAfterMs: Type.Optional(
    Type.Integer({ description: 'Until this cost may be allowed; 0 where it is.' }),
  ),
  delayMs: Type.Integer({
    description: 'leaky-bucket: how long the caller must wait before it starts; else 0.',
  }),
  granted: Type.Integer({ description: 'Cost that was consumed.' }),
  unsatisfiable: Type.Boolean({ description: 'The cost is above what can ever be allowed.' }),
  blocked: Type.Optional(Type.Boolean({ description: 'The subject is blocked for now.' })),
  listed: Type.Optional(
    Type.Enum(['allow', 'deny'], { description: 'The policy names this subject.' }),
  ),
  shadow: Type.Optional(Type.Boolean({ description: 'This limit takes no part in the verdict.' })),
  takenAtMs: Type.Integer({ description: 'Time of Redis at the decision, since 1970.' }),
  degraded: Type.Optional(
    Type.Enum(['open', 'local'], {
      description:
        'Redis did not answer, and the policy said what then: open, or local in this instance alone. Absent where Redis decided.',
    }),
  ),
})

const DECIDED = {
  policy: 'api',
  key: 'user-7',
  limit: 100,
  delayMs: 0,
  unsatisfiable: false,
  takenAtMs: 1_795_248_000_000,
}

export const CheckResponse = Type.Object(
  {
    allowed: Type.Boolean(),
    remaining: Type.Integer({ description: 'Of the tightest limit.' }),
    retryAfterMs: Type.Optional(
      Type.Integer({ description: 'Until all may be allowed; absent where that is never.' }),
    ),
    results: Type.Array(Result, { description: 'In the order asked.' }),
  },
  {
    description: 'The decision; a denial is an answer, too.',
    examples: [
      {
        allowed: true,
        remaining: 37,
        retryAfterMs: 0,
        results: [
          {
            ...DECIDED,
            allowed: true,
            remaining: 37,
            resetAfterMs: 37_800,
            retryAfterMs: 0,
            granted: 1,
          },
        ],
      },
      {
        allowed: false,
        remaining: 0,
        retryAfterMs: 600,
        results: [
          {
            ...DECIDED,
            allowed: false,
            remaining: 0,
            resetAfterMs: 60_000,
            retryAfterMs: 600,
            granted: 0,
          },
        ],
      },
    ],
  },
)
