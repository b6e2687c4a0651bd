import Type from 'typebox'
import { ObjectName, ResourceName } from '../../http/names.js'
import { CheckQuery, Key, KeyQuery } from '../checks/schemas.js'

const closed = { additionalProperties: false } as const

const LeaseId = Type.String({
  pattern: '^[A-Za-z0-9_-]{22}\\.[0-9]{1,5}$',
  description: 'As the answer to the acquire told it.',
})

const LEASE = 'q4uX0zv2T0aJ9cW1m3nB7g.1'

const RemainingMs = Type.Integer({
  description: 'The lease lives at least so long unless it is renewed. Milliseconds.',
})

export const LeaseQuery = Type.Object({ ...CheckQuery.properties, ...KeyQuery.properties }, closed)

export const LeaseRequest = Type.Object(
  {
    key: Key,
    weight: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 10_000,
      description: 'How much of the limit it takes while it lives. Default 1.',
    }),
  },
  { ...closed, examples: [{ key: 'user-7' }, { key: 'user-7', weight: 4 }] },
)

export const LeaseResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    allowed: Type.Boolean(),
    leaseId: Type.Optional({
      ...LeaseId,
      description: 'Proof of the lease: renew and release it.',
    }),
    expiresInMs: Type.Optional(RemainingMs),
    limit: Type.Integer({ description: 'Of the policy, or of the override of this subject.' }),
    remaining: Type.Integer({ description: 'Weight for which there is room now.' }),
    retryAfterMs: Type.Optional(
      Type.Integer({
        description:
          'Denied: until enough leases have ended by themselves. One that is released earlier makes ' +
          'room earlier. Absent where that never helps.',
      }),
    ),
    unsatisfiable: Type.Boolean({ description: 'The weight is above the limit.' }),
    blocked: Type.Optional(Type.Boolean({ description: 'The subject is blocked for now.' })),
  },
  {
    description: 'The lease, or that there is no room for it.',
    examples: [
      {
        policy: 'exports',
        key: 'user-7',
        allowed: true,
        leaseId: LEASE,
        expiresInMs: 29_998,
        limit: 3,
        remaining: 2,
        unsatisfiable: false,
      },
    ],
  },
)

export const LookQuery = Type.Object({ key: Key }, closed)

export const LookResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    limit: Type.Integer({ description: 'Of the policy, or of the override of this subject.' }),
    inFlight: Type.Integer({ description: 'Weight of the leases that live.' }),
    leases: Type.Integer({ description: 'How many live.' }),
    remaining: Type.Integer({ description: 'Weight for which there is room now.' }),
    resetAfterMs: Type.Integer({ description: 'Until the last of them ends by itself.' }),
    blockedForMs: Type.Optional(
      Type.Integer({ description: 'How much longer the subject is blocked; absent: not at all.' }),
    ),
  },
  {
    description: 'What is in flight. Tokens are known to their holders alone.',
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

export const OneLeaseRequest = Type.Object(
  { key: Key, leaseId: LeaseId },
  { ...closed, examples: [{ key: 'user-7', leaseId: LEASE }] },
)

export const RenewResponse = Type.Object(
  { policy: ResourceName, key: ObjectName, leaseId: LeaseId, expiresInMs: RemainingMs },
  {
    description: 'The lease lives its time from now.',
    examples: [{ policy: 'exports', key: 'user-7', leaseId: LEASE, expiresInMs: 29_998 }],
  },
)

export const ReleaseResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    released: Type.Boolean({
      description: 'False: there was no such lease any more; it was released before, or is over.',
    }),
  },
  {
    description: 'There is no such lease now.',
    examples: [{ policy: 'exports', key: 'user-7', released: true }],
  },
)
