import Type from 'typebox'
import { DurationMs, ObjectName } from '../http/names.js'

export const LockParams = Type.Object({ name: ObjectName })

const Ttl = {
  ...DurationMs(100, 86_400_000, 'Lease length; renew before it ends.'),
  default: 30_000,
}

export const TtlQuery = Type.Object(
  { ttlMs: Type.Optional(DurationMs(100, 86_400_000, 'The same as in the body; send it once.')) },
  { additionalProperties: false },
)

const Token = Type.String({
  pattern: '^[A-Za-z0-9_-]{22}$',
  description: 'The secret from acquire: 22 base64url characters. Whoever has it owns the lease.',
})

const Fence = Type.Integer({
  description:
    'Grows with every new lease. Pass it to what the lock protects, which refuses a smaller one.',
})

const Owner = Type.String({
  minLength: 1,
  maxLength: 200,
  format: 'owner',
  description: 'Public text that tells people who holds the lock. 1 to 200 bytes.',
})

const Metadata = Type.Record(Type.String(), Type.Unknown(), {
  description: 'Shown to whoever inspects the lock; at most 1024 bytes of JSON.',
})

export const AcquireRequest = Type.Object(
  { ttlMs: Ttl, owner: Type.Optional(Owner), metadata: Type.Optional(Metadata) },
  { additionalProperties: false, examples: [{}, { ttlMs: 60_000, owner: 'worker-7' }] },
)

export const AcquireResponse = Type.Object(
  {
    name: ObjectName,
    token: Token,
    fence: Fence,
    mode: Type.Literal('exclusive'),
    expiresInMs: Type.Integer({ description: 'Never more than what is left of the lease.' }),
    waitedMs: Type.Integer({ description: 'Time spent in the queue.' }),
    holdCount: Type.Integer({ description: 'Tokens that hold this lease.' }),
  },
  {
    description: 'The lease, and the secret that proves it.',
    examples: [
      {
        name: 'migrate',
        token: 'u3Jq0c9mT1uVwX2yZ4aBcD',
        fence: 1_795_223_400_123_456,
        mode: 'exclusive',
        expiresInMs: 29_999,
        waitedMs: 0,
        holdCount: 1,
      },
    ],
  },
)

export const RenewRequest = Type.Object(
  { token: Token, ttlMs: Ttl },
  { additionalProperties: false, examples: [{ token: 'u3Jq0c9mT1uVwX2yZ4aBcD', ttlMs: 30_000 }] },
)

export const RenewResponse = Type.Object(
  {
    fence: Fence,
    expiresInMs: Type.Integer({ description: 'Never more than what is left of the lease.' }),
  },
  { description: 'The lease goes on.' },
)

export const ReleaseRequest = Type.Object(
  { token: Token },
  { additionalProperties: false, examples: [{ token: 'u3Jq0c9mT1uVwX2yZ4aBcD' }] },
)

export const ReleaseResponse = Type.Object(
  {
    released: Type.Boolean({ description: 'False for a repeat: the lease was released before.' }),
    replayed: Type.Optional(Type.Boolean()),
    fence: Fence,
    heldMs: Type.Optional(Type.Integer()),
  },
  { description: 'The lease is over.' },
)

const Holder = Type.Object({
  owner: Type.Optional(Type.String()),
  metadata: Type.Optional(Type.Unknown()),
  fence: Fence,
  expiresInMs: Type.Integer(),
  heldMs: Type.Integer(),
})

export const LockState = Type.Object(
  {
    name: ObjectName,
    state: Type.Enum(['free', 'held']),
    mode: Type.Optional(Type.Literal('exclusive')),
    capacity: Type.Integer(),
    holders: Type.Array(Holder),
    waiters: Type.Array(Type.Unknown()),
    queueLength: Type.Integer(),
    lastEnd: Type.Optional(
      Type.Object({
        how: Type.Enum(['expired', 'released', 'revoked']),
        fence: Fence,
        agoMs: Type.Integer(),
      }),
    ),
  },
  { description: 'The state of the lock; a name nobody uses is free.' },
)
