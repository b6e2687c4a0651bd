import Type from 'typebox'
import { ByName } from '../../http/by-name.js'
import { DurationMs, ObjectName } from '../../http/names.js'

export const LockParams = Type.Object({ name: ObjectName })

export const MAX_LEASE_MS = 86_400_000

export const RenewTtl = Type.Optional(
  DurationMs(100, MAX_LEASE_MS, "Lease length from now on. Default: the lease's own length."),
)

export const Wait = {
  ...DurationMs(0, 240_000, 'How long to wait in the queue; the request is held open.'),
  default: 0,
}

const SAME = 'As in the body; send it in one of the two.'

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
  description: 'The secret from acquire: 22 base64url characters. Its bearer owns the lease.',
})

const SESSION_PATTERN = '^(0|[1-9][0-9]{0,2})\\.[A-Za-z0-9_-]{22}$'

export const SessionToken = Type.String({
  pattern: SESSION_PATTERN,
  description:
    'The secret of a session, from `POST /v1/sessions`: who has it keeps the session alive, ends it, and acquires in it.',
})

export const SessionId = Type.String({
  pattern: SESSION_PATTERN,
  description: 'The public id of a session. It opens nothing.',
})

/** The lease in the examples of this domain. */
export const EXAMPLE_TOKEN = 'u3Jq0c9mT1uVwX2yZ4aBcD'
export const EXAMPLE_FENCE = 1_795_223_400_123_456

export const Fence = Type.Integer({
  description:
    'Grows with every new lease. Pass it to the protected resource, which refuses smaller ones.',
})

const Owner = Type.String({
  minLength: 1,
  maxLength: 200,
  format: 'owner',
  description: 'Public text that names the holder to people. 1 to 200 bytes.',
})

export const Metadata = ByName(Type.Unknown(), {
  description: 'Shown to everyone who inspects it; at most 1024 bytes of JSON.',
})

/** Fields that acquires of locks, semaphores and sets share. */
export const Terms = {
  ttlMs: Type.Optional(
    DurationMs(
      100,
      MAX_LEASE_MS,
      'Lease length; renew before it ends. Default 30000; with sessionToken: as long as the session.',
    ),
  ),
  sessionToken: Type.Optional({
    ...SessionToken,
    description: 'The secret of a session. The lease ends with it, at the latest.',
  }),
  waitMs: Wait,
  owner: Type.Optional(Owner),
  metadata: Type.Optional(Metadata),
  minHoldMs: {
    ...DurationMs(
      0,
      MAX_LEASE_MS,
      'A release keeps the name taken until this time has passed since the grant.',
    ),
    default: 0,
  },
  maxHoldMs: Type.Optional(
    DurationMs(100, MAX_LEASE_MS, 'Renewals never extend the lease beyond this.'),
  ),
  lockDelayMs: {
    ...DurationMs(0, 3_600_000, 'Lock delay: after an unclean end no lease begins for this long.'),
    default: 0,
  },
  maxQueue: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 10_000,
    description: 'The request is refused when so many wait already. 0 to 100000 waiters.',
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
    'exclusive (the default): one holder; shared: several shared holders, at most 10000.',
})

export const AcquireRequest = Type.Object(
  {
    ...Terms,
    mode: Mode,
    reentrant: Type.Boolean({
      default: false,
      description:
        'Join a reentrant lease of the same owner: another token, the same fence. Needs owner.',
    }),
  },
  {
    additionalProperties: false,
    examples: [{}, { ttlMs: 60_000, owner: 'worker-7' }, { waitMs: 10_000, mode: 'shared' }],
  },
)

const EXPIRES = 'Never more than the time left of the lease.'

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

export const RevokeNotice = Type.Object(
  {
    reason: Type.String(),
    expiresInMs: Type.Optional(
      Type.Integer({ description: 'Until the lease is ended; absent: only asked for.' }),
    ),
  },
  { description: 'The holder is asked to give way.' },
)

export const RenewResponse = Type.Object(
  {
    fence: Fence,
    expiresInMs: Type.Integer({ description: EXPIRES }),
    revoke: Type.Optional(RevokeNotice),
  },
  {
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
