import Type from 'typebox'
import { LIMIT_HEADERS } from '../checks/headers.js'
import {
  Cost,
  closed,
  Key,
  KeyQuery,
  SameCost,
  SubjectFields,
  UsageFields,
} from '../checks/schemas.js'
import { MAX_COST } from '../policies/schemas.js'

/** 2^52/16 us: a bucket holds no more. */
const MAX_RESET_MS = 281_474_976_710

export const RefundQuery = Type.Object({ ...KeyQuery.properties, cost: SameCost }, closed)

export const RefundRequest = Type.Object(
  {
    key: Key,
    cost: {
      ...Cost,
      description: 'How much is given back at most, 1 to 1000000000. Default 1.',
    },
    takenAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description:
          'When it was consumed, from the answer to the check: usage that no longer counts is not ' +
          'given back. RFC 3339, from 1970 to 2100. Default: now.',
      }),
    ),
    resetAfterMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_RESET_MS,
        description:
          'gcra, leaky-bucket: from the answer to the check, with takenAt: the cost counts until ' +
          'then. Without it, what cannot have leaked since takenAt is given back. Milliseconds, 0 to ' +
          `${MAX_RESET_MS}.`,
      }),
    ),
  },
  {
    ...closed,
    title: 'RefundRateLimitRequest',
    examples: [
      { key: 'user-7', cost: 3, takenAt: '2026-11-21T01:10:00.123Z', resetAfterMs: 23_400 },
    ],
  },
)

export const RefundResponse = Type.Object(
  {
    ...SubjectFields,
    refunded: Type.Integer({
      minimum: 0,
      maximum: MAX_COST,
      description: 'Cost that was given back.',
    }),
    ...UsageFields,
  },
  {
    title: 'RateLimitRefund',
    description: 'What was given back, and what is left now.',
    headers: LIMIT_HEADERS,
    examples: [
      {
        policy: 'api',
        key: 'user-7',
        refunded: 3,
        limit: 100,
        remaining: 63,
        resetAfterMs: 22_200,
      },
    ],
  },
)
