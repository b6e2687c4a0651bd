import Type from 'typebox'
import { DurationMs, ObjectName } from '../../http/names.js'
import {
  Count,
  EXAMPLE_FENCE,
  EXAMPLE_TOKEN,
  Fence,
  LockMode,
  MAX_LEASE_MS,
  Metadata,
  PastMs,
  RenewTtl,
  Terms,
  Token,
} from '../fields.js'

export const AcquireLockRequest = Type.Object(
  {
    ...Terms,
    mode: { ...LockMode, default: 'exclusive' },
    reentrant: Type.Boolean({
      default: false,
      description:
        'Join a reentrant lease of the same owner: another token, the same fence. Needs owner. Default false.',
    }),
  },
  {
    title: 'AcquireLockRequest',
    additionalProperties: false,
    examples: [{}, { ttlMs: 60_000, owner: 'worker-7' }, { waitMs: 10_000, mode: 'shared' }],
  },
)

export const ExpiresInMs = PastMs('Never more than the time left of the lease.')
export const WaitedMs = PastMs('Time spent in the queue.')
export const HeldMs = PastMs('From the grant to the release; absent for a repeat.')
export const Replayed = Type.Boolean({ description: 'True for a repeat; absent otherwise.' })

export const Lease = Type.Object(
  {
    name: ObjectName,
    token: Token,
    fence: Fence,
    mode: { ...LockMode, description: 'The mode of the lease.' },
    expiresInMs: ExpiresInMs,
    waitedMs: WaitedMs,
    holdCount: {
      ...Count(
        10_000,
        'Tokens that hold this lease: above 1 after a reentrant acquire. 1 to 10000.',
      ),
      minimum: 1,
    },
  },
  {
    title: 'Lease',
    description: 'The lease, and the secret that proves it.',
    examples: [
      {
        name: 'migrate',
        token: EXAMPLE_TOKEN,
        fence: EXAMPLE_FENCE,
        mode: 'exclusive',
        expiresInMs: 29_999,
        waitedMs: 0,
        holdCount: 1,
      },
    ],
  },
)

export const RenewLeaseRequest = Type.Object(
  { token: Token, ttlMs: RenewTtl },
  {
    title: 'RenewLeaseRequest',
    additionalProperties: false,
    examples: [{ token: EXAMPLE_TOKEN, ttlMs: 30_000 }],
  },
)

export const RevokeNotice = Type.Object(
  {
    reason: Type.String({ description: 'Why, in the words of the operator. 1 to 200 characters.' }),
    expiresInMs: Type.Optional(
      DurationMs(
        0,
        MAX_LEASE_MS,
        'Until the lease is ended; absent for a lease that is only asked for.',
      ),
    ),
  },
  {
    title: 'RevokeNotice',
    description: 'The holder is asked to give way; absent unless an operator asks.',
  },
)

export const RenewedLease = Type.Object(
  {
    fence: Fence,
    expiresInMs: ExpiresInMs,
    revoke: Type.Optional(RevokeNotice),
  },
  {
    title: 'RenewedLease',
    description: 'The lease goes on.',
    examples: [
      { fence: EXAMPLE_FENCE, expiresInMs: 29_999 },
      {
        fence: EXAMPLE_FENCE,
        expiresInMs: 9_999,
        revoke: { reason: 'maintenance', expiresInMs: 9_999 },
      },
    ],
  },
)

export const SetLeaseMetadataRequest = Type.Object(
  {
    token: Token,
    metadata: {
      ...Metadata,
      description: 'Replaces that of the lease; at most 1024 bytes of JSON. `{}` for none.',
    },
  },
  {
    title: 'SetLeaseMetadataRequest',
    additionalProperties: false,
    examples: [{ token: EXAMPLE_TOKEN, metadata: { address: '10.0.0.7:8080' } }],
  },
)

export const ChangedLease = Type.Object(
  { fence: Fence },
  {
    title: 'ChangedLease',
    description: 'The lease has the metadata.',
    examples: [{ fence: EXAMPLE_FENCE }],
  },
)

export const DowngradeLockRequest = Type.Object(
  { token: Token },
  {
    title: 'DowngradeLockRequest',
    additionalProperties: false,
    examples: [{ token: EXAMPLE_TOKEN }],
  },
)

export const DowngradedLock = Type.Object(
  { fence: Fence, mode: { ...LockMode, description: 'shared.' } },
  {
    title: 'DowngradedLock',
    description: 'The lease is shared.',
    examples: [{ fence: EXAMPLE_FENCE, mode: 'shared' }],
  },
)

export const ReleaseLeaseRequest = Type.Object(
  { token: Token },
  {
    title: 'ReleaseLeaseRequest',
    additionalProperties: false,
    examples: [{ token: EXAMPLE_TOKEN }],
  },
)

export const ReleasedLease = Type.Object(
  {
    released: Type.Boolean({ description: 'False for a repeat: the lease was released before.' }),
    replayed: Type.Optional(Replayed),
    fence: Fence,
    heldMs: Type.Optional(HeldMs),
  },
  {
    title: 'ReleasedLease',
    description: 'The lease is over.',
    examples: [
      { released: true, fence: EXAMPLE_FENCE, heldMs: 4_210 },
      { released: false, replayed: true, fence: EXAMPLE_FENCE },
    ],
  },
)
