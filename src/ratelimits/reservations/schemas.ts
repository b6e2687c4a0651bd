import Type from 'typebox'
import { DurationMs } from '../../http/names.js'
import { DECISION_HEADERS, LIMIT_HEADERS } from '../checks/headers.js'
import {
  CheckResponse,
  Cost,
  closed,
  Key,
  OneQuery,
  SubjectFields,
  UsageFields,
} from '../checks/schemas.js'
import { DAY_MS, MAX_COST } from '../policies/schemas.js'

const TOKEN = 'AqyHvM8jc0yRPBbXJ2wJ6g'

const Token = Type.String({
  pattern: '^[A-Za-z0-9_-]{22}$',
  description: 'The secret of the reservation, from the answer to reserve.',
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
    cost: {
      ...Cost,
      description: 'Estimated cost, 1 to 1000000000, consumed until it is settled. Default 1.',
    },
    ttlMs: {
      ...DurationMs(
        1,
        DAY_MS,
        'Time to settle it; afterwards the cost stays consumed. Default 60000.',
      ),
      default: 60_000,
    },
  },
  {
    ...closed,
    title: 'ReserveRateLimitRequest',
    examples: [{ key: 'user-7', cost: 800 }],
  },
)

const ANSWER = {
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
      takenAt: '2026-11-21T01:10:00.123Z',
    },
  ],
}

export const ReserveResponse = Type.Object(
  {
    ...CheckResponse.properties,
    token: Type.Optional({
      ...Token,
      description: 'The secret of the reservation, to commit or cancel it. Absent in a denial.',
    }),
    expiresInMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: DAY_MS,
        description: 'Time left to settle it. Milliseconds; absent in a denial.',
      }),
    ),
  },
  {
    title: 'RateLimitReservation',
    description: 'The decision, as for a check, and the reservation.',
    headers: DECISION_HEADERS,
    examples: [
      { ...ANSWER, token: TOKEN, expiresInMs: 59_998 },
      {
        allowed: false,
        remaining: 300,
        retryAfterMs: 150,
        results: [
          { ...ANSWER.results[0], allowed: false, remaining: 300, retryAfterMs: 150, granted: 0 },
        ],
      },
    ],
  },
)

const actual = Type.Integer({
  minimum: 0,
  maximum: MAX_COST,
  description:
    'Actual cost, 0 to 1000000000. What was reserved too much is given back; what is missing is ' +
    'consumed, even above the limit.',
})

export const CommitRequest = Type.Object(
  { key: Key, token: Token, actual },
  {
    ...closed,
    title: 'CommitReservationRequest',
    examples: [{ key: 'user-7', token: TOKEN, actual: 640 }],
  },
)

export const CancelRequest = Type.Object(
  { key: Key, token: Token },
  {
    ...closed,
    title: 'CancelReservationRequest',
    examples: [{ key: 'user-7', token: TOKEN }],
  },
)

export const SettleResponse = Type.Object(
  {
    ...SubjectFields,
    reserved: Type.Integer({
      minimum: 1,
      maximum: MAX_COST,
      description: 'Cost that was reserved.',
    }),
    actual: { ...actual, description: 'Actual cost; 0 after a cancel.' },
    refunded: Type.Integer({
      minimum: 0,
      maximum: MAX_COST,
      description: 'Cost that was given back: the part of the difference that still counted.',
    }),
    ...UsageFields,
  },
  {
    title: 'SettledReservation',
    description: 'The settled reservation, and what is left now.',
    headers: LIMIT_HEADERS,
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
