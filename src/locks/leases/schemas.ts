import Type from 'typebox'
import { ByName } from '../../http/by-name.js'
import { DurationMs, ObjectName } from '../../http/names.js'

export const LockParams = Type.Object({ name: ObjectName })

export const MAX_LEASE_MS = 86_400_000

export const RenewTtl = Type.Optional(
  DurationMs(100, MAX_LEASE_MS, "Lease length from now on. Default: the lease's own length."),
)

export const Wait = {
  ...DurationMs(0, 240_000, 'How long to stand in the queue; the request is held open.'),
  default: 0,
}

const SAME = 'The same as in the body; send it once.'

export const TtlQuery = Type.Object(
  { ttlMs: Type.Optional(DurationMs(100, MAX_LEASE_MS, SAME)) },
  { additionalProperties: false },
)

export const WaitQuery = Type.Object(
  {
    ttlMs: Type.Optional(DurationMs(100, MAX_LEASE_MS, SAME)),
    waitMs: Type.Optional(DurationMs(0, 240_000, SAME)),
  },
  { additionalProperties: false },
)

export const Token = Type.String({
  pattern: '^[A-Za-z0-9_-]{22}$',
  description: 'The secret from acquire: 22 base64url characters. Whoever has it owns the lease.',
})

export const SessionId = Type.String({
  pattern: '^(0|[1-9][0-9]{0,2})\\.[A-Za-z0-9_-]{22}$',
  description: 'The secret of a session. What belongs to it ends with it, at the latest.',
})

/** Of the lease that the examples of this room tell of. */
export const EXAMPLE_TOKEN = 'u3Jq0c9mT1uVwX2yZ4aBcD'
export const EXAMPLE_FENCE = 1_795_223_400_123_456

export const Fence = Type.Integer({
  description:
    'Grows with every new lease. Pass it to what the lock protects, which refuses a smaller one.',
})

const Owner = Type.String({
  minLength: 1,
  maxLength: 200,
  format: 'owner',
  description: 'Public text that tells people who holds the lock. 1 to 200 bytes.',
})

export const Metadata = ByName(Type.Unknown(), {
  description: 'Shown to whoever inspects it; at most 1024 bytes of JSON.',
})

/** What locks, semaphores and sets are asked for alike. */
export const Terms = {
  ttlMs: Type.Optional(
    DurationMs(
      100,
      MAX_LEASE_MS,
      'Lease length; renew before it ends. Default 30000; with sessionId none: as long as that.',
    ),
  ),
  sessionId: Type.Optional(SessionId),
  waitMs: Wait,
  owner: Type.Optional(Owner),
  metadata: Type.Optional(Metadata),
  minHoldMs: {
    ...DurationMs(0, MAX_LEASE_MS, 'A release keeps the name taken until this has passed.'),
    default: 0,
  },
  maxHoldMs: Type.Optional(
    DurationMs(100, MAX_LEASE_MS, 'Renewals never carry the lease beyond this.'),
  ),
  lockDelayMs: {
    ...DurationMs(0, 3_600_000, 'After an unclean end no lease begins for this long.'),
    default: 0,
  },
  maxQueue: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 10_000,
    description: 'With so many waiters already, the request is refused. 0 to 100000 waiters.',
  }),
  priority: Type.Integer({
    minimum: -10,
    maximum: 10,
    default: 0,
    description: 'Higher is served first; first come, first served within one. -10 to 10.',
  }),
}

const Mode = Type.Enum(['exclusive', 'shared'], {
  default: 'exclusive',
  description:
    'exclusive (the default): nobody else; shared: others that are shared as well, at most 10000.',
})

export const AcquireRequest = Type.Object(
  {
    ...Terms,
    mode: Mode,
    reentrant: Type.Boolean({
      default: false,
      description:
        'Join the lease that the same owner took with reentrant as well: another token, the same fence. Needs owner.',
    }),
  },
  {
    additionalProperties: false,
    examples: [{}, { ttlMs: 60_000, owner: 'worker-7' }, { waitMs: 10_000, mode: 'shared' }],
  },
)

const EXPIRES = 'Never more than what is left of the lease.'

export const AcquireResponse = Type.Object(
  {
    name: ObjectName,
    token: Token,
    fence: Fence,
    mode: Type.Enum(['exclusive', 'shared']),
    expiresInMs: Type.Integer({ description: EXPIRES }),
    waitedMs: Type.Integer({ description: 'Time spent in the queue.' }),
    holdCount: Type.Integer({ description: 'Tokens that hold this lease.' }),
  },
  {
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

export const RenewRequest = Type.Object(
  { token: Token, ttlMs: RenewTtl },
  { additionalProperties: false, examples: [{ token: EXAMPLE_TOKEN, ttlMs: 30_000 }] },
)

export const Revoke = Type.Object(
  {
    reason: Type.String(),
    inMs: Type.Optional(
      Type.Integer({ description: 'Until the lease is ended; none: asked only.' }),
    ),
  },
  { description: 'Somebody asks the holder to give way.' },
)

export const RenewResponse = Type.Object(
  {
    fence: Fence,
    expiresInMs: Type.Integer({ description: EXPIRES }),
    revoke: Type.Optional(Revoke),
  },
  {
    description: 'The lease goes on.',
    examples: [
      { fence: EXAMPLE_FENCE, expiresInMs: 29_999 },
      { fence: EXAMPLE_FENCE, expiresInMs: 9_999, revoke: { reason: 'maintenance', inMs: 10_000 } },
    ],
  },
)

export const ReleaseRequest = Type.Object(
  { token: Token },
  { additionalProperties: false, examples: [{ token: EXAMPLE_TOKEN }] },
)

export const ReleaseResponse = Type.Object(
  {
    released: Type.Boolean({ description: 'False for a repeat: the lease was released before.' }),
    replayed: Type.Optional(Type.Boolean()),
    fence: Fence,
    heldMs: Type.Optional(Type.Integer()),
  },
  {
    description: 'The lease is over.',
    examples: [
      { released: true, fence: EXAMPLE_FENCE, heldMs: 4_210 },
      { released: false, replayed: true, fence: EXAMPLE_FENCE },
    ],
  },
)
