import Type from 'typebox'
import { ByName } from '../http/by-name.js'
import { DurationMs, ObjectName } from '../http/names.js'

export const LockParams = Type.Object({ name: ObjectName })

export const MAX_LEASE_MS = 86_400_000

export const RenewTtl = Type.Optional(
  DurationMs(100, MAX_LEASE_MS, "Lease length from now on. Default: the lease's own length."),
)

export const Wait = {
  ...DurationMs(0, 240_000, 'How long to wait in the queue; the request is held open. Default 0.'),
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
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description:
    'Fencing token: grows with every new lease. Pass it to the protected resource, which refuses smaller ones.',
})

/** A number of things in an answer. */
export const Count = (maximum: number, description: string) =>
  Type.Integer({ minimum: 0, maximum, description })

/** A duration in an answer, without a bound of its own. */
export const PastMs = (description: string) =>
  Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: `${description} Milliseconds.`,
  })

export const Owner = Type.String({
  minLength: 1,
  maxLength: 200,
  format: 'owner',
  description: 'Public text that names the holder to people. 1 to 200 bytes.',
})

export const Metadata = ByName(Type.Unknown(), {
  title: 'Metadata',
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
      'A release keeps the name taken until this time has passed since the grant. Default 0; at most ttlMs.',
    ),
    default: 0,
  },
  maxHoldMs: Type.Optional(
    DurationMs(
      100,
      MAX_LEASE_MS,
      'Renewals never extend the lease beyond this, counted from its grant. Default: no bound.',
    ),
  ),
  lockDelayMs: {
    ...DurationMs(
      0,
      3_600_000,
      'Lock delay: after a lease expired or was revoked, no other begins for this long. Default 0.',
    ),
    default: 0,
  },
  maxQueue: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 10_000,
    description:
      'Maximum queue length: with so many waiters already the request is 429 `too-many-waiters`. Default 10000. 0 to 100000.',
  }),
  priority: Type.Integer({
    minimum: -10,
    maximum: 10,
    default: 0,
    description:
      'Higher is served first; first come, first served within one. Default 0. -10 to 10.',
  }),
}

export const LockMode = Type.Enum(['exclusive', 'shared'], {
  title: 'LockMode',
  description:
    'exclusive (the default): one holder; shared: several shared holders, at most 10000.',
})
