import Type from 'typebox'
import { DurationMs, ObjectName } from '../../http/names.js'
import { PageOf, PageQuery } from '../../http/pages.js'
import { EXAMPLE_FENCE, Fence, MAX_LEASE_MS, Metadata, SessionId, SessionToken } from '../fields.js'
import { RevokeNotice } from '../leases/schemas.js'

export const SessionParams = Type.Object({ id: SessionId })

const EXAMPLE_SESSION_TOKEN = '0.u3Jq0c9mT1uVwX2yZ4aBcD'
const EXAMPLE = {
  id: '0.L_zurKq2_bSTOzDCUzXImM',
  ttlMs: 15_000,
  expiresInMs: 14_999,
}
const SHOWN = { ...EXAMPLE, metadata: { host: 'worker-7' }, leaseCount: 2 }

const MIN_TTL_MS = 1_000

export const OpenSessionRequest = Type.Object(
  {
    ttlMs: {
      ...DurationMs(
        MIN_TTL_MS,
        MAX_LEASE_MS,
        'The session ends when no keepalive arrives for this long. Default 30000.',
      ),
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
          'The part of its lock names before "@", 1 to 512 bytes. Required on Redis Cluster, where they must share it; ignored elsewhere.',
      }),
    ),
  },
  {
    title: 'OpenSessionRequest',
    additionalProperties: false,
    examples: [{ ttlMs: 15_000, metadata: { host: 'worker-7' } }, { prefix: 't7' }],
  },
)

const TtlMs = DurationMs(MIN_TTL_MS, MAX_LEASE_MS, 'How long it lives after a keepalive.')
const ExpiresInMs = DurationMs(0, MAX_LEASE_MS, 'Never more than the time left.')
const LeaseCount = Type.Integer({
  minimum: 0,
  maximum: 1_000,
  description: 'Leases and queue places of the session, 0 to 1000.',
})

export const OpenedSession = Type.Object(
  { id: SessionId, token: SessionToken, ttlMs: TtlMs, expiresInMs: ExpiresInMs },
  {
    title: 'OpenedSession',
    headers: { Location: Type.String({ description: 'The path of the session, by its id.' }) },
    description: 'The session: its public id, and the secret that keeps it alive.',
    examples: [{ ...EXAMPLE, token: EXAMPLE_SESSION_TOKEN }],
  },
)

export const KeepSessionRequest = Type.Object(
  { token: SessionToken },
  {
    title: 'KeepSessionRequest',
    additionalProperties: false,
    examples: [{ token: EXAMPLE_SESSION_TOKEN }],
  },
)

const LeaseRevokeNotice = Type.Object(
  { name: ObjectName, fence: Fence, ...RevokeNotice.properties },
  {
    title: 'LeaseRevokeNotice',
    description: 'A lease of the session that its holder is asked to give back.',
  },
)

const EndedLease = Type.Object(
  {
    name: ObjectName,
    fence: Fence,
    how: Type.Enum(['expired', 'revoked'], {
      title: 'LeaseLoss',
      description: '`expired`: its time passed. `revoked`: an operator ended it.',
    }),
    reason: Type.Optional(
      Type.String({
        description: 'Why it was revoked, 1 to 200 characters; absent if it expired.',
      }),
    ),
  },
  { title: 'EndedLease', description: 'A lease that ended without a release.' },
)

export const KeptSession = Type.Object(
  {
    expiresInMs: ExpiresInMs,
    leaseCount: LeaseCount,
    revoke: Type.Optional(
      Type.Array(LeaseRevokeNotice, {
        description: 'Its leases that the holder is asked to give back; absent if there are none.',
      }),
    ),
    ended: Type.Optional(
      Type.Array(EndedLease, {
        description:
          'Its leases that expired or were revoked, each shown for `LOCKSTEP_ENDED_TTL_MS`, so possibly several times; absent if there are none. At most 1000 with `revoke`.',
      }),
    ),
  },
  {
    title: 'KeptSession',
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

const Summary = {
  id: SessionId,
  ttlMs: TtlMs,
  expiresInMs: ExpiresInMs,
  leaseCount: LeaseCount,
  metadata: Type.Optional({
    ...Metadata,
    description: 'That it was opened with; absent for a session without any.',
  }),
}

export const Session = Type.Object(
  {
    ...Summary,
    names: Type.Array(ObjectName, {
      description: 'Locks and semaphores that it holds or waits for, by name, at most 1000.',
    }),
  },
  {
    title: 'Session',
    description: 'The session, and the names of its locks.',
    examples: [{ ...SHOWN, names: ['t7@a', 't7@b'] }],
  },
)

const { limit, cursor } = PageQuery.properties

export const SessionQuery = Type.Object({ limit, cursor }, { additionalProperties: false })

export const SessionList = PageOf(
  Type.Object(Summary, { title: 'SessionSummary', description: 'A session that has not ended.' }),
  {
    title: 'SessionList',
    description: 'Sessions of the namespace that have not ended, by id.',
    examples: [{ items: [SHOWN], nextCursor: 'MC5MX3p1cktxMl9iU1RPekRDVXpYSW1N' }],
  },
)

export const EndSessionRequest = Type.Object(
  { token: SessionToken },
  {
    title: 'EndSessionRequest',
    additionalProperties: false,
    examples: [{ token: EXAMPLE_SESSION_TOKEN }],
  },
)

export const EndedSession = Type.Object(
  {
    ended: Type.Boolean({ description: 'False for a repeat: it was ended before.' }),
    replayed: Type.Optional(Type.Boolean({ description: 'True for a repeat; absent otherwise.' })),
    leaseCount: {
      ...LeaseCount,
      description: 'Leases and queue places that it still had, 0 to 1000.',
    },
  },
  {
    title: 'EndedSession',
    description: 'The session has ended, and its leases are released.',
    examples: [
      { ended: true, leaseCount: 12 },
      { ended: false, replayed: true, leaseCount: 0 },
    ],
  },
)
