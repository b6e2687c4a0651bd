import Type from 'typebox'
import { DurationMs, ObjectName, ResourceName } from '../../http/names.js'
import { CheckResponse, Cost, closed, Key, OneQuery, UsageFields } from '../checks/schemas.js'

const ID = 'AqyHvM8jc0yRPBbXJ2wJ6g'
const DAY_MS = 86_400_000

const ReservationId = Type.String({
  pattern: '^[A-Za-z0-9_-]{22}$',
  description: 'From the answer to reserve.',
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
    cost: { ...Cost, description: 'Estimated cost, consumed until it is settled. Default 1.' },
    ttlMs: {
      ...DurationMs(1, DAY_MS, 'Time to settle it; afterwards the cost stays consumed.'),
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
    reservationId: Type.Optional({ ...ReservationId, description: 'Absent in a denial.' }),
    expiresInMs: Type.Optional(
      Type.Integer({ description: 'Time left to settle it; absent in a denial.' }),
    ),
  },
  {
    description: 'The decision, as for a check, and the reservation.',
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
        'Actual cost. What was reserved too much is given back; what is missing is consumed, even above the limit.',
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
    actual: Type.Integer({ description: 'Actual cost; 0 after a cancel.' }),
    refunded: Type.Integer({
      description: 'Cost that was given back: the part of the difference that still counted.',
    }),
    ...UsageFields,
  },
  {
    description: 'The settled reservation, and what is left now.',
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
