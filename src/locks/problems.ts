import { COMMON_PROBLEMS, defineProblems } from '../http/problem.js'

const HELD = {
  retryAfterMs: 12_500,
  holders: [
    {
      owner: 'worker-7',
      fence: 1_795_223_400_123_456,
      expiresInMs: 12_500,
      heldMs: 17_500,
      permits: 1,
    },
  ],
  holderCount: 1,
}

/** Errors of this domain; the others that its routes can answer with are shared. */
export const { specs, problem, problemResponses } = defineProblems({
  'lock-held': {
    status: 423,
    title: 'Another lease holds the lock',
    cause: 'The lock was not free, and the request did not ask to wait.',
    remedy: 'Ask again after `retryAfterMs`, or send `waitMs` to stand in the queue.',
    retry: 'later',
    members: {
      ...HELD,
      queueLength: 0,
    },
  },
  'wait-timeout': {
    status: 423,
    title: 'The lock did not become free in time',
    cause: '`waitMs` passed while others held the lock or stood in front.',
    remedy: 'Ask again, or wait longer.',
    retry: 'later',
    members: {
      ...HELD,
      queueLength: 3,
    },
  },
  'lock-delayed': {
    status: 423,
    title: 'The lock is free, but its lock delay is not over',
    cause: 'Its last lease expired or was revoked, and had a `lockDelayMs`.',
    remedy: 'Ask again after `retryAfterMs`.',
    retry: 'later',
    members: { retryAfterMs: 4_000, holders: [], holderCount: 0, queueLength: 0 },
  },
  'not-owner': {
    status: 409,
    title: 'The token is not the holder’s',
    cause: 'The token never held this lock, or held it so long ago that its end is forgotten.',
    remedy: 'Treat the lease as lost: stop the protected work, then acquire anew.',
    retry: 'no',
  },
  'mode-mismatch': {
    status: 409,
    title: 'The name is in use in another way',
    cause: 'A lock and a semaphore share one name, or a shared lease asked to become exclusive.',
    remedy: 'Use another name, or release first.',
    retry: 'no',
  },
  'capacity-mismatch': {
    status: 409,
    title: 'The semaphore has another capacity',
    cause: 'Callers must agree on the capacity, unless it was set with PUT.',
    remedy: 'Send the capacity in the answer, or set it with PUT.',
    retry: 'no',
    members: { capacity: 5 },
  },
  'lease-released': {
    status: 410,
    title: 'The lease was released',
    cause: 'Its holder gave it back before this request arrived.',
    remedy: 'Acquire anew.',
    retry: 'no',
    members: { fence: 1_795_223_400_123_456 },
  },
  'lease-revoked': {
    status: 410,
    title: 'The lease was revoked',
    cause: 'An operator ended it.',
    remedy: 'Stop the protected work; the reason stands in the answer.',
    retry: 'no',
    members: { fence: 1_795_223_400_123_456, reason: 'maintenance' },
  },
  'session-ended': {
    status: 410,
    title: 'The session is over',
    cause: 'It expired, was deleted, or never existed.',
    remedy: 'Create a new session and acquire its locks anew.',
    retry: 'no',
  },
  'queue-full': {
    status: 429,
    title: 'Too many are waiting',
    cause: 'The queue of the lock has reached `maxQueue`.',
    remedy: 'Ask again later.',
    retry: 'later',
    members: { retryAfterMs: 1_000, queueLength: 10_000 },
  },
  'too-many-leases': {
    status: 429,
    title: 'The session carries as many leases as it may',
    cause: 'A session holds at most 1000 leases and places in queues.',
    remedy: 'Release what is not used, or open another session.',
    retry: 'later',
  },
})

type Code = Parameters<typeof problem>[0]

/** How acquiring can fail, of locks, semaphores and sets alike. */
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
    'queue-full',
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

/** A lease that was released before is an answer. */
export const releaseProblems = (...more: readonly Code[]) =>
  problemResponses(...COMMON_PROBLEMS, 'not-owner', 'lease-expired', 'lease-revoked', ...more)
