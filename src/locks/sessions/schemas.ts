import Type from 'typebox'
import { DurationMs, ObjectName } from '../../http/names.js'
import { EXAMPLE_FENCE, Fence, Metadata, Revoke, SessionId } from '../leases/schemas.js'

export const SessionParams = Type.Object({ id: SessionId })

export const OpenSessionRequest = Type.Object(
  {
    ttlMs: {
      ...DurationMs(1_000, 86_400_000, 'The session ends when no keepalive arrives for this long.'),
      default: 30_000,
    },
    metadata: Type.Optional(Metadata),
    prefix: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 512,
        pattern: '^[^@]+$',
        format: 'object-name',
        description:
          'The part of its lock names before "@". Required on Redis Cluster, where they must share it; ignored elsewhere.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ ttlMs: 15_000, metadata: { host: 'worker-7' } }, { prefix: 't7' }],
  },
)

const SESSION = { id: '0.u3Jq0c9mT1uVwX2yZ4aBcD', ttlMs: 15_000, expiresInMs: 14_999 }
const ExpiresInMs = Type.Integer({ description: 'Never more than the time left.' })
const TtlMs = Type.Integer({ description: 'How long the session lives after a keepalive.' })

export const OpenSessionResponse = Type.Object(
  { id: SessionId, ttlMs: TtlMs, expiresInMs: ExpiresInMs },
  { description: 'The session, and the secret that keeps it alive.', examples: [SESSION] },
)

export const KeepSessionRequest = Type.Object({}, { additionalProperties: false, examples: [{}] })

export const KeepSessionResponse = Type.Object(
  {
    expiresInMs: ExpiresInMs,
    leaseCount: Type.Integer({ description: 'Leases and queue places of the session.' }),
    revoke: Type.Optional(
      Type.Array(Type.Object({ name: ObjectName, fence: Fence, ...Revoke.properties }), {
        description: 'Its leases that the holder is asked to give back.',
      }),
    ),
    ended: Type.Optional(
      Type.Array(
        Type.Object({
          name: ObjectName,
          fence: Fence,
          how: Type.Enum(['expired', 'revoked']),
          reason: Type.Optional(Type.String()),
        }),
        {
          description:
            'Its leases that expired or were revoked, each shown for `LOCKSTEP_ENDED_TTL_MS`, so possibly several times. At most 1000 with `revoke`.',
        },
      ),
    ),
  },
  {
    description: 'The session lives on, with every lease that has no end of its own.',
    examples: [
      { expiresInMs: 14_999, leaseCount: 12 },
      {
        expiresInMs: 14_999,
        leaseCount: 11,
        revoke: [{ name: 't7@a', fence: EXAMPLE_FENCE, reason: 'maintenance', expiresInMs: 9_999 }],
        ended: [{ name: 't7@b', fence: EXAMPLE_FENCE + 7, how: 'expired' }],
      },
    ],
  },
)

export const SessionState = Type.Object(
  {
    id: SessionId,
    ttlMs: TtlMs,
    expiresInMs: ExpiresInMs,
    metadata: Type.Optional(Type.Unknown()),
    names: Type.Array(Type.String(), {
      description: 'Locks and semaphores that it holds or waits for, at most 1000.',
    }),
  },
  {
    description: 'The session, and the names of its locks.',
    examples: [{ ...SESSION, metadata: { host: 'worker-7' }, names: ['t7@a', 't7@b'] }],
  },
)

export const EndSessionResponse = Type.Object(
  {
    ended: Type.Boolean({ description: 'False for a repeat: it was ended before.' }),
    replayed: Type.Optional(Type.Boolean()),
    leaseCount: Type.Integer({ description: 'Leases and queue places that it still had.' }),
  },
  {
    description: 'The session has ended, and its leases are released.',
    examples: [
      { ended: true, leaseCount: 12 },
      { ended: false, replayed: true, leaseCount: 0 },
    ],
  },
)
