import Type from 'typebox'
import { COMMON_PROBLEMS, defineProblems } from '../http/problem.js'
import { LeaseEnd } from '../http/problems/request.js'
import { EXAMPLE_FENCE } from './fields.js'
import { HolderCount, Holders, Permits, QueueLength } from './state-schemas.js'

const Refused = Type.Object(
  { ...Permits, holders: Holders, holderCount: HolderCount, queueLength: QueueLength },
  {
    title: 'LockHeldProblem',
    examples: [
      {
        retryAfterMs: 12_500,
        holders: [
          {
            owner: 'worker-7',
            fence: EXAMPLE_FENCE,
            expiresInMs: 12_500,
            heldMs: 17_500,
            permits: 1,
          },
        ],
        holderCount: 1,
        queueLength: 3,
      },
    ],
  },
)

/** The errors of this domain alone; its routes answer with shared ones as well. */
export const { specs, problem, problemResponses } = defineProblems({
  'lock-held': {
    status: 423,
    title: 'Lock is held',
    cause: 'The lock was not free, and the request did not ask to wait.',
    remedy: 'Ask again after `retryAfterMs`, or send `waitMs` to wait in the queue.',
    retry: 'later',
    members: Refused,
  },
  'wait-timeout': {
    status: 423,
    title: 'Lock not free in time',
    cause: '`waitMs` passed while others held the lock or were ahead in the queue.',
    remedy: 'Ask again, or wait longer.',
    retry: 'later',
    members: Refused,
  },
  'lock-delayed': {
    status: 423,
    title: 'Lock is delayed',
    cause:
      'The lock is free, but its last lease expired or was revoked, and its `lockDelayMs` is not over.',
    remedy: 'Ask again after `retryAfterMs`.',
    retry: 'later',
    members: Refused,
  },
  'not-owner': {
    status: 409,
    title: 'Token is not the holder’s',
    cause: 'The token never held this lock, or its end is no longer remembered.',
    remedy: 'Treat the lease as lost: stop the protected work, then acquire again.',
    retry: 'no',
    members: Type.Object(
      { lost: LeaseEnd.properties.lost },
      { title: 'NotOwnerProblem', examples: [{ lost: ['t7@b'] }] },
    ),
  },
  'mode-mismatch': {
    status: 409,
    title: 'Kind or mode differs',
    cause:
      'A lock and a semaphore share one name, a shared lease asked to become exclusive, or a lease with several tokens asked to become shared.',
    remedy: 'Use another name, or release first.',
    retry: 'no',
  },
  'capacity-mismatch': {
    status: 409,
    title: 'Capacity differs',
    cause: 'Callers must agree on the capacity, unless it was set with PUT.',
    remedy: 'Send the capacity in the answer, or set it with PUT.',
    retry: 'no',
    members: Type.Object(
      { capacity: Type.Optional(Permits.capacity) },
      { title: 'CapacityMismatchProblem', examples: [{ capacity: 5 }] },
    ),
  },
  'lease-released': {
    status: 410,
    title: 'Lease was released',
    cause: 'Its holder released it before this request arrived.',
    remedy: 'Acquire again.',
    retry: 'no',
    members: LeaseEnd,
  },
  'lease-revoked': {
    status: 410,
    title: 'Lease was revoked',
    cause: 'An operator ended it.',
    remedy: 'Stop the protected work; `reason` says why.',
    retry: 'no',
    members: LeaseEnd,
  },
  'session-not-found': {
    status: 404,
    title: 'Session not found',
    cause: 'No session has this id, or it has ended.',
    remedy: 'List the sessions, or open a new one.',
    retry: 'no',
  },
  'session-ended': {
    status: 410,
    title: 'Session has ended',
    cause: 'The session of this token expired, was ended, or never existed.',
    remedy: 'Open a new session and acquire its locks again.',
    retry: 'no',
  },
  'too-many-waiters': {
    status: 429,
    title: 'Too many waiters',
    cause: 'As many requests wait for the lock as `maxQueue` allows, 10000 by default.',
    remedy: 'Ask again later.',
    retry: 'later',
    members: Type.Object(
      { queueLength: QueueLength },
      { title: 'TooManyWaitersProblem', examples: [{ retryAfterMs: 1_000, queueLength: 10_000 }] },
    ),
  },
  'too-many-leases': {
    status: 429,
    title: 'Too many leases',
    cause: 'A session holds at most 1000 leases and places in queues.',
    remedy: 'Release unused leases, or open another session.',
    retry: 'later',
  },
})

type Code = Parameters<typeof problem>[0]

/** Answers to an acquire of a lock, a semaphore or a set. */
export const acquireProblems = (...more: readonly Code[]) =>
  problemResponses(
    ...COMMON_PROBLEMS,
    'lock-held',
    'wait-timeout',
    'lock-delayed',
    'mode-mismatch',
    ...more,
    'lease-expired',
    'lease-released',
    'lease-revoked',
    'session-ended',
    'idempotency-conflict',
    'cross-slot',
    'too-many-waiters',
    'too-many-leases',
  )

export const renewProblems = (...more: readonly Code[]) =>
  problemResponses(
    ...COMMON_PROBLEMS,
    'not-owner',
    'lease-expired',
    'lease-released',
    'lease-revoked',
    ...more,
  )

/** A repeated release is answered, so `lease-released` is not among them. */
export const releaseProblems = (...more: readonly Code[]) =>
  problemResponses(...COMMON_PROBLEMS, 'not-owner', 'lease-expired', 'lease-revoked', ...more)
