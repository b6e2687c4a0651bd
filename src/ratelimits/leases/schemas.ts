import Type from 'typebox'
import { ObjectName, ResourceName } from '../../http/names.js'
import { CheckQuery, closed, Key, KeyQuery, UsageFields } from '../checks/schemas.js'

const LeaseId = Type.String({
  pattern: '^[A-Za-z0-9_-]{22}\\.[0-9]{1,5}$',
  description: 'From the answer to the acquire.',
})

const LEASE = 'q4uX0zv2T0aJ9cW1m3nB7g.1'

const RemainingMs = Type.Integer({
  description: 'Lower bound of the time until the lease expires. Milliseconds.',
})

const { limit } = UsageFields
const remaining = Type.Integer({ description: 'Weight that would be granted now.' })

export const LeaseQuery = Type.Object({ ...CheckQuery.properties, ...KeyQuery.properties }, closed)

export const LeaseRequest = Type.Object(
  {
    key: Key,
    weight: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 10_000,
      description: 'How much of the limit the lease takes. Default 1.',
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
      description: 'Proof of the lease, to renew and release it.',
    }),
    expiresInMs: Type.Optional(RemainingMs),
    limit,
    remaining,
    retryAfterMs: Type.Optional(
      Type.Integer({
        description:
          'Denied: until enough leases have expired; a release makes room earlier. Absent if the ' +
          'weight never fits.',
      }),
    ),
    unsatisfiable: Type.Boolean({ description: 'The weight is above the limit.' }),
    blocked: Type.Optional(Type.Boolean({ description: 'The subject is blocked.' })),
  },
  {
    description: 'The lease, or a denial.',
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

export const InspectQuery = Type.Object({ key: Key }, closed)

export const InspectResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    limit,
    inFlight: Type.Integer({ description: 'Weight of the live leases.' }),
    leases: Type.Integer({ description: 'Number of live leases.' }),
    remaining,
    resetAfterMs: Type.Integer({ description: 'Until the last of them expires.' }),
    blockExpiresInMs: Type.Optional(
      Type.Integer({ description: 'How much longer the subject is blocked; absent: not at all.' }),
    ),
  },
  {
    description: 'What is in flight. Ids of leases are known to their holders alone.',
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
    description: 'The lease has its full lifetime from now.',
    examples: [{ policy: 'exports', key: 'user-7', leaseId: LEASE, expiresInMs: 29_998 }],
  },
)

export const ReleaseResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    released: Type.Boolean({
      description: 'False: it was released before, or it had expired.',
    }),
  },
  {
    description: 'The lease does not exist now.',
    examples: [{ policy: 'exports', key: 'user-7', released: true }],
  },
)
