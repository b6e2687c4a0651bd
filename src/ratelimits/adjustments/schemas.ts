import Type from 'typebox'
import { ObjectName, ResourceName } from '../../http/names.js'
import { Cost, closed, Key, KeyQuery, SameCost, UsageFields } from '../checks/schemas.js'

/** 2^52/16 us: a bucket holds no more. */
const MAX_RESET_MS = 281_474_976_710

export const RefundQuery = Type.Object({ ...KeyQuery.properties, cost: SameCost }, closed)

export const RefundRequest = Type.Object(
  {
    key: Key,
    cost: { ...Cost, description: 'How much is given back at most. Default 1.' },
    takenAtMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 4_102_444_800_000,
        description:
          'When it was consumed, from the answer to the check: usage that no longer counts is not ' +
          'given back. Milliseconds since 1970. Default: now.',
      }),
    ),
    resetAfterMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_RESET_MS,
        description:
          'gcra, leaky-bucket: from the answer to the check, with takenAtMs: the cost counts until ' +
          'then. Without it, what cannot have leaked since takenAtMs is given back. Milliseconds.',
      }),
    ),
  },
  {
    ...closed,
    examples: [{ key: 'user-7', cost: 3, takenAtMs: 1_795_248_000_000, resetAfterMs: 23_400 }],
  },
)

export const RefundResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    refunded: Type.Integer({ description: 'Cost that was given back.' }),
    ...UsageFields,
  },
  {
    description: 'What was given back, and what is left now.',
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
