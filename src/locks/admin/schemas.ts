import Type from 'typebox'
import { DurationMs, ObjectName } from '../../http/names.js'
import { EXAMPLE_FENCE, Fence, MAX_LEASE_MS, Metadata, SessionId } from '../leases/schemas.js'
import { VERIFIED_TOKENS } from './scripts.js'

export const VerifyRequest = Type.Object(
  {
    fence: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'The fence to test.',
    }),
  },
  { additionalProperties: false, examples: [{ fence: EXAMPLE_FENCE }] },
)

export const VerifyResponse = Type.Object(
  {
    current: Type.Boolean(),
    fence: Type.Integer({
      description: `The highest fence that is current, of the ${VERIFIED_TOKENS} newest leases; 0 for none.`,
    }),
  },
  {
    description: 'Whether the lease with this fence holds the lock now.',
    examples: [
      { current: true, fence: EXAMPLE_FENCE },
      { current: false, fence: EXAMPLE_FENCE + 7 },
    ],
  },
)

export const RevokeRequest = Type.Object(
  {
    reason: Type.String({
      minLength: 1,
      maxLength: 200,
      format: 'plain-text',
      description: 'Shown to the holder. 1 to 200 characters.',
    }),
    graceMs: Type.Optional(
      DurationMs(
        1,
        MAX_LEASE_MS,
        'The lease is ended after this time. Default: it is only asked for.',
      ),
    ),
    force: Type.Boolean({ default: false, description: 'End the lease now.' }),
    fence: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Only the lease with this fence. Default: all holders.',
      }),
    ),
    clearLockDelay: Type.Boolean({
      default: false,
      description: 'Free the name at once: end its lock delay, and begin none after `force`.',
    }),
  },
  { additionalProperties: false, examples: [{ reason: 'maintenance', graceMs: 10_000 }] },
)

export const RevokeResponse = Type.Object(
  {
    revoked: Type.Integer({ description: 'Tokens whose lease has ended.' }),
    asked: Type.Integer({ description: 'Tokens whose holders are asked to give way.' }),
  },
  {
    description: 'How many tokens were revoked, or asked for.',
    examples: [
      { revoked: 0, asked: 1 },
      { revoked: 1, asked: 0 },
    ],
  },
)

const Holder = Type.Object({
  owner: Type.Optional(Type.String()),
  metadata: Type.Optional(Metadata),
  fence: Fence,
  expiresInMs: Type.Integer(),
  heldMs: Type.Integer(),
  permits: Type.Integer(),
  sessionId: Type.Optional({
    ...SessionId,
    description: 'The session of the lease; absent for a lease without one.',
  }),
  sessionMetadata: Type.Optional({ ...Metadata, description: 'That the session was opened with.' }),
})

export const Holders = Type.Array(Holder, { description: 'The holders, or the first of them.' })
export const HolderCount = Type.Integer({ minimum: 0, description: 'Leases that hold the lock.' })
export const QueueLength = Type.Integer({ minimum: 0, description: 'Requests that wait.' })

const HELD = {
  name: 'migrate',
  state: 'held',
  mode: 'exclusive',
  holders: [
    { owner: 'worker-7', fence: EXAMPLE_FENCE, expiresInMs: 12_500, heldMs: 17_500, permits: 1 },
  ],
  waiters: [{ position: 1, owner: 'worker-8', waitedMs: 1_300 }],
  queueLength: 1,
  retryAfterMs: 12_500,
  lastEnd: { how: 'released', fence: EXAMPLE_FENCE - 9_000_000, agoMs: 17_500 },
}
const FREE = { name: 'idle', state: 'free', holders: [], waiters: [], queueLength: 0 }

const POOL = {
  name: 'pool',
  state: 'held',
  capacity: 10,
  used: 3,
  available: 7,
  holders: [{ fence: EXAMPLE_FENCE, expiresInMs: 12_500, heldMs: 17_500, permits: 3 }],
  waiters: [],
  queueLength: 0,
  retryAfterMs: 12_500,
}

export const Permits = {
  capacity: Type.Optional(
    Type.Integer({
      description: 'Permits of a semaphore; absent for a lock, or where none is known.',
    }),
  ),
  used: Type.Optional(Type.Integer({ description: 'Permits that are held.' })),
  available: Type.Optional(Type.Integer({ description: 'Permits that nobody holds.' })),
}

export const LockState = Type.Object(
  {
    name: ObjectName,
    state: Type.Enum(['free', 'held', 'delayed'], {
      description:
        '`delayed` during a lock delay. `held` without holders during the `minHoldMs` of a released lease.',
    }),
    mode: Type.Optional(Type.Enum(['exclusive', 'shared'])),
    ...Permits,
    holders: Holders,
    waiters: Type.Array(
      Type.Object({
        position: Type.Integer(),
        owner: Type.Optional(Type.String()),
        waitedMs: Type.Integer(),
      }),
    ),
    queueLength: QueueLength,
    retryAfterMs: Type.Optional(
      Type.Integer({ description: 'Until the first lease, or the lock delay, ends.' }),
    ),
    lastEnd: Type.Optional(
      Type.Object({
        how: Type.Enum(['expired', 'released', 'revoked']),
        fence: Fence,
        agoMs: Type.Integer(),
      }),
    ),
  },
  {
    description: 'The state of the lock; an unused name is free.',
    examples: [HELD, FREE, POOL],
  },
)

export const ListQuery = Type.Object(
  {
    prefix: Type.String({
      default: '',
      maxLength: 512,
      format: 'plain-text',
      description: 'Names begin with it. Default: all names.',
    }),
    limit: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 1_000,
      description: 'Names per page, 1 to 1000.',
    }),
    cursor: Type.Optional(
      Type.String({ maxLength: 2_048, description: '`nextCursor` of the page before.' }),
    ),
  },
  { additionalProperties: false },
)

export const LockList = Type.Object(
  {
    locks: Type.Array(
      Type.Object({
        name: ObjectName,
        kind: Type.Enum(['lock', 'semaphore']),
        holderCount: Type.Integer(),
        queueLength: Type.Integer(),
      }),
    ),
    nextCursor: Type.Optional(Type.String()),
  },
  {
    description: 'Names that are held or queued, in the order of their bytes.',
    examples: [
      {
        locks: [
          { name: 'migrate', kind: 'lock', holderCount: 1, queueLength: 3 },
          { name: 'pool', kind: 'semaphore', holderCount: 5, queueLength: 0 },
        ],
        nextCursor: 'cG9vbA',
      },
    ],
  },
)
