import Type from 'typebox'
import { ObjectName, ResourceName } from '../../http/names.js'
import { Cost, Key, KeyQuery, SameCost } from '../checks/schemas.js'

const closed = { additionalProperties: false } as const

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
          'When it was consumed, as the check told it: what has left the window since is not given ' +
          'back. Milliseconds since 1970. Default: now.',
      }),
    ),
  },
  { ...closed, examples: [{ key: 'user-7', cost: 3, takenAtMs: 1_795_248_000_000 }] },
)

export const RefundResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    refunded: Type.Integer({ description: 'Cost that was given back.' }),
    limit: Type.Integer({ description: 'Of the policy, or of the override of this subject.' }),
    remaining: Type.Integer({ description: 'Cost that would be allowed now.' }),
    resetAfterMs: Type.Integer({ description: 'Until nothing is consumed any more.' }),
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

export const SubjectRequest = Type.Object(
  { key: Key },
  { ...closed, examples: [{ key: 'user-7' }] },
)

export const ResetResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    changed: Type.Boolean({ description: 'False: nothing was consumed.' }),
  },
  {
    description: 'Nothing is consumed now.',
    examples: [{ policy: 'api', key: 'user-7', changed: true }],
  },
)
