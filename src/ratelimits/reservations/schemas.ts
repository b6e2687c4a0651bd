import Type from 'typebox'
import { DurationMs, ObjectName, ResourceName } from '../../http/names.js'
import { CheckResponse, Cost, Key, Left, OneQuery } from '../checks/schemas.js'

const closed = { additionalProperties: false } as const
const ID = 'AqyHvM8jc0yRPBbXJ2wJ6g'
const DAY_MS = 86_400_000

const ReservationId = Type.String({
  pattern: '^[A-Za-z0-9_-]{22}$',
  description: 'As reserve told it.',
})

export const ReserveQuery = Type.Object(
  {
    ...OneQuery.properties,
    ttlMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: DAY_MS,
        description: 'The same as in the body; send it once.',
      }),
    ),
  },
  closed,
)

export const ReserveRequest = Type.Object(
  {
    key: Key,
    cost: { ...Cost, description: 'How much is consumed now, until it is settled. Default 1.' },
    ttlMs: {
      ...DurationMs(1, DAY_MS, 'How long it can be settled; afterwards the cost stays consumed.'),
      default: 60_000,
    },
  },
  { ...closed, examples: [{ key: 'user-7', cost: 800 }] },
)

const answer = {
  allowed: true,
  remaining: 199_200,
  retryAfterMs: 0,
  results: [
    {
      policy: 'tokens',
      key: 'user-7',
      allowed: true,
      limit: 200_000,
      remaining: 199_200,
      resetAfterMs: 240,
      retryAfterMs: 0,
      delayMs: 0,
      granted: 800,
      unsatisfiable: false,
      takenAtMs: 1_795_248_000_000,
    },
  ],
}

export const ReserveResponse = Type.Object(
  {
    ...CheckResponse.properties,
    reservationId: Type.Optional({ ...ReservationId, description: 'Absent where it was denied.' }),
    expiresInMs: Type.Optional(
      Type.Integer({ description: 'How much longer it can be settled; absent where denied.' }),
    ),
  },
  {
    description: 'The decision, as of a check, and the reservation.',
    examples: [
      { ...answer, reservationId: ID, expiresInMs: 59_998 },
      {
        allowed: false,
        remaining: 300,
        retryAfterMs: 150,
        results: [
          { ...answer.results[0], allowed: false, remaining: 300, retryAfterMs: 150, granted: 0 },
        ],
      },
    ],
  },
)

export const CommitRequest = Type.Object(
  {
    key: Key,
    reservationId: ReservationId,
    actual: Type.Integer({
      minimum: 0,
      maximum: 1_000_000_000,
      description:
        'What it cost in truth: less is given back, more is consumed as well, also above the limit.',
    }),
  },
  { ...closed, examples: [{ key: 'user-7', reservationId: ID, actual: 640 }] },
)

export const CancelRequest = Type.Object(
  { key: Key, reservationId: ReservationId },
  { ...closed, examples: [{ key: 'user-7', reservationId: ID }] },
)

export const SettleResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    reserved: Type.Integer({ description: 'Cost that was reserved.' }),
    actual: Type.Integer({ description: 'What it cost in truth; 0 where it was cancelled.' }),
    refunded: Type.Integer({
      description: 'Cost that was given back: less than the difference where it no longer counts.',
    }),
    ...Left,
  },
  {
    description: 'It is settled; what is left now.',
    examples: [
      {
        policy: 'tokens',
        key: 'user-7',
        reserved: 800,
        actual: 640,
        refunded: 160,
        limit: 200_000,
        remaining: 199_360,
        resetAfterMs: 192,
      },
    ],
  },
)
