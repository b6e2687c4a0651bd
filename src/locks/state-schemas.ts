import Type from 'typebox'
import { ETagHeader } from '../http/etag.js'
import { ObjectName } from '../http/names.js'
import { PageOf } from '../http/pages.js'
import {
  Count,
  EXAMPLE_FENCE,
  Fence,
  LockMode,
  Metadata,
  Owner,
  PastMs,
  SessionId,
} from './fields.js'

const LockHolder = Type.Object(
  {
    owner: Type.Optional({ ...Owner, description: 'The public name that the holder sent.' }),
    metadata: Type.Optional({ ...Metadata, description: 'That the holder sent.' }),
    fence: Fence,
    expiresInMs: PastMs('What is left of the lease.'),
    heldMs: PastMs('Since the grant.'),
    permits: {
      ...Count(10_000, 'Permits of the lease; 1 for a lock. 1 to 10000.'),
      minimum: 1,
    },
    sessionId: Type.Optional({
      ...SessionId,
      description: 'The session of the lease; absent for a lease without one.',
    }),
    sessionMetadata: Type.Optional({
      ...Metadata,
      description: 'That the session was opened with.',
    }),
  },
  { title: 'LockHolder', description: 'A lease that holds the lock, without its token.' },
)

export const Holders = Type.Array(LockHolder, { description: 'The holders, or the first of them.' })
export const HolderCount = Count(10_000, 'Leases that hold the name, 0 to 10000.')
export const QueueLength = Count(2 ** 31 - 1, 'Requests that wait.')

export const Permits = {
  capacity: Type.Optional({
    ...Count(
      10_000,
      'Permits of a semaphore, 1 to 10000; absent for a lock, or where none is known.',
    ),
    minimum: 1,
  }),
  used: Type.Optional(Count(10_000, 'Permits that are held; absent without a capacity.')),
  available: Type.Optional(Count(10_000, 'Permits that are free; absent without a capacity.')),
}

const State = {
  state: Type.Enum(['free', 'held', 'delayed'], {
    title: 'LockState',
    description:
      '`delayed` during a lock delay. `held` without holders during the `minHoldMs` of a released lease.',
  }),
  holders: { ...Holders, description: 'The holders, at most 100.' },
  waiters: Type.Array(
    Type.Object(
      {
        position: { ...Count(100, 'Its place in the queue, 1 for the head.'), minimum: 1 },
        owner: Type.Optional({ ...Owner, description: 'The public name that the request sent.' }),
        waitedMs: PastMs('How long it has waited.'),
      },
      { title: 'LockWaiter', description: 'A request that waits.' },
    ),
    { description: 'The first requests in the queue, at most 100.' },
  ),
  queueLength: QueueLength,
  retryAfterMs: Type.Optional(
    PastMs('Until the first lease, or the lock delay, ends; absent for a free name.'),
  ),
  lastEnd: Type.Optional(
    Type.Object(
      {
        how: Type.Enum(['expired', 'released', 'revoked'], {
          title: 'LeaseEnd',
          description: 'By time, by its holder, or by an operator.',
        }),
        fence: Fence,
        agoMs: PastMs('Time since.'),
      },
      {
        title: 'LastLeaseEnd',
        description: 'How the newest lease ended; absent if that is not remembered.',
      },
    ),
  ),
}

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

export const Lock = Type.Object(
  {
    name: ObjectName,
    ...State,
    mode: Type.Optional({ ...LockMode, description: 'Of its leases; absent for a free lock.' }),
  },
  {
    title: 'Lock',
    description: 'The state of the lock; an unused name is free.',
    examples: [HELD, FREE],
  },
)

export const Semaphore = Type.Object(
  {
    name: ObjectName,
    ...Permits,
    version: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description:
          'Version of the capacity that was set with PUT, as in the `ETag`; absent where callers agree on it.',
      }),
    ),
    ...State,
  },
  {
    title: 'Semaphore',
    headers: ETagHeader,
    description: 'The capacity and the state of the semaphore; an unused name is free.',
    examples: [
      {
        name: 'pool',
        capacity: 10,
        used: 3,
        available: 7,
        version: EXAMPLE_FENCE,
        state: 'held',
        holders: [{ fence: EXAMPLE_FENCE, expiresInMs: 12_500, heldMs: 17_500, permits: 3 }],
        waiters: [],
        queueLength: 0,
        retryAfterMs: 12_500,
      },
    ],
  },
)

const Summary = { name: ObjectName, holderCount: HolderCount, queueLength: QueueLength }

export const LockList = PageOf(
  Type.Object(Summary, { title: 'LockSummary', description: 'A lock that is held or queued.' }),
  {
    title: 'LockList',
    description: 'Locks that are held or queued, in the order of the bytes of their names.',
    examples: [
      {
        items: [{ name: 'migrate', holderCount: 1, queueLength: 3 }],
        nextCursor: 'bWlncmF0ZQ',
      },
    ],
  },
)

export const SemaphoreList = PageOf(
  Type.Object(
    { ...Summary, ...Permits },
    {
      title: 'SemaphoreSummary',
      description: 'A semaphore that is held or queued, or has a stored capacity.',
    },
  ),
  {
    title: 'SemaphoreList',
    description:
      'Semaphores that are held or queued, or have a stored capacity, in the order of the bytes of their names.',
    examples: [
      {
        items: [
          { name: 'pool', holderCount: 5, queueLength: 0, capacity: 10, used: 7, available: 3 },
        ],
        nextCursor: 'cG9vbA',
      },
    ],
  },
)
