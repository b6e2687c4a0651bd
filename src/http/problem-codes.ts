/** Whether repeating the same request is safe and useful. */
export type Retry = 'no' | 'later' | 'same-key'

export interface ProblemSpec {
  readonly status: number
  readonly title: string
  readonly cause: string
  readonly remedy: string
  readonly retry: Retry
  /** What its body says besides, as an example. */
  readonly members?: Readonly<Record<string, unknown>>
}

/**
 * Every error a client can see. The key is the last part of the `type` URI and the page
 * /errors/<code> that the service answers itself. Append only: a released code is never renamed.
 */
export const PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'The request does not match the schema',
    cause: 'A body, parameter or header breaks its schema, or the JSON cannot be read.',
    remedy: 'Correct what `errors[]` points at; each entry has a pointer and a message.',
    retry: 'no',
  },
  unauthenticated: {
    status: 401,
    title: 'A token is needed',
    cause: 'The request carries no bearer token, or one that is not known.',
    remedy: 'Send `Authorization: Bearer <token>` with a token from the configuration.',
    retry: 'no',
  },
  forbidden: {
    status: 403,
    title: 'The token does not allow this',
    cause: 'The token lacks the scope of the operation, or the namespace asked for.',
    remedy: 'Use a token with the scope and namespace, or ask the operator for one.',
    retry: 'no',
  },
  'origin-refused': {
    status: 403,
    title: 'A web page of another origin may not call this service',
    cause: 'The Origin header names a site that is not an allowed host of this service.',
    remedy: 'Call from a server, or add the host to LOCKSTEP_ALLOWED_HOSTS.',
    retry: 'no',
  },
  'host-refused': {
    status: 403,
    title: 'The Host header is not one of this service',
    cause:
      'A service without tokens answers to loopback names only, so that a web page cannot reach it by DNS rebinding.',
    remedy: 'Use 127.0.0.1 or localhost, or add the host to LOCKSTEP_ALLOWED_HOSTS.',
    retry: 'no',
  },
  'not-found': {
    status: 404,
    title: 'Nothing is there',
    cause: 'No endpoint has this method and path, or the thing that the path names does not exist.',
    remedy: 'Compare the path with /openapi.yaml; percent-encode names.',
    retry: 'no',
  },
  'cache-miss': {
    status: 404,
    title: 'The cache has no value for this key',
    cause: 'The key was never filled, has expired, was invalidated, or is known to be absent.',
    remedy: 'Load the value and PUT it.',
    retry: 'later',
  },
  'lock-held': {
    status: 423,
    title: 'Another lease holds the lock',
    cause: 'The lock was not free, and the request did not ask to wait.',
    remedy: 'Ask again after `retryAfterMs`, or send `waitMs` to stand in the queue.',
    retry: 'later',
    members: {
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
      queueLength: 3,
    },
  },
  'lock-cooling': {
    status: 423,
    title: 'The lock is free but cooling down',
    cause: 'Its last lease ended uncleanly and asked for a delay.',
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
  'kind-mismatch': {
    status: 409,
    title: 'The key holds another kind of value',
    cause: 'A key is bytes, a counter or an object; the operation is for another kind.',
    remedy: 'Use another key, or DELETE this one first.',
    retry: 'no',
  },
  'config-immutable': {
    status: 409,
    title: 'This setting cannot change once entries exist',
    cause: 'The order of existing entries depends on it.',
    remedy: 'Use a new name, or delete the old one first.',
    retry: 'no',
  },
  'in-config-file': {
    status: 409,
    title: 'The configuration file defines this name',
    cause: 'What stands in the configuration file cannot be changed over HTTP.',
    remedy: 'Change the file and send SIGHUP.',
    retry: 'no',
  },
  'season-closed': {
    status: 409,
    title: 'The season is closed',
    cause: 'The board was closed and the next season has not begun.',
    remedy: 'Submit again after the next boundary.',
    retry: 'later',
  },
  unsatisfiable: {
    status: 409,
    title: 'This can never be granted',
    cause: 'The request asks for more than the whole capacity.',
    remedy: 'Ask for less, or raise the capacity.',
    retry: 'no',
  },
  'counter-overflow': {
    status: 409,
    title: 'The sum would leave 64 bits',
    cause: 'A counter holds -2^63 to 2^63 - 1; nothing was added.',
    remedy: 'Add less, or DELETE the counter to begin anew.',
    retry: 'no',
  },
  'not-an-integer': {
    status: 409,
    title: 'A field to increment holds no integer',
    cause: 'Only text that is an integer of 64 bits can be added to; nothing was changed.',
    remedy: 'Set the field to a number first, or increment another one.',
    retry: 'no',
  },
  'lease-expired': {
    status: 410,
    title: 'The lease has expired',
    cause: 'Its time passed before this request arrived.',
    remedy: 'Stop the protected work, then acquire anew; renew earlier next time.',
    retry: 'no',
    members: { fence: 1_795_223_400_123_456 },
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
  'reservation-expired': {
    status: 410,
    title: 'There is no such reservation any more',
    cause: 'It was committed or cancelled before, its time is over, or it never was.',
    remedy:
      'Nothing: what was reserved and not settled stays consumed until the limit forgets it. ' +
      'Give a refund where it must not.',
    retry: 'no',
  },
  'precondition-failed': {
    status: 412,
    title: 'The precondition does not hold',
    cause: 'If-Match or If-None-Match does not fit the present version.',
    remedy: 'Read the present version and decide again.',
    retry: 'no',
  },
  'lease-lost': {
    status: 412,
    title: 'The fill came too late',
    cause: 'The key was invalidated or written after the lease was granted.',
    remedy: 'Read again; use the value just loaded for this request only.',
    retry: 'no',
  },
  'precondition-required': {
    status: 428,
    title: 'A precondition is required',
    cause: 'The space accepts only conditional writes.',
    remedy: 'Send If-Match or If-None-Match.',
    retry: 'no',
  },
  'too-large': {
    status: 413,
    title: 'The request is too large',
    cause: 'The body or the value exceeds its bound.',
    remedy: 'Send less; the bound stands in the answer.',
    retry: 'no',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body is not JSON',
    cause: 'JSON endpoints accept application/json only.',
    remedy: 'Send Content-Type: application/json (with curl: --json).',
    retry: 'no',
  },
  'idempotency-conflict': {
    status: 422,
    title: 'The idempotency key belongs to another request',
    cause: 'A different request was made with this key a short while ago.',
    remedy: 'Make a new key for every attempt at new work.',
    retry: 'no',
  },
  'cross-slot': {
    status: 422,
    title: 'The names lie in several slots',
    cause: 'On Redis Cluster an all-or-nothing operation needs names of one slot.',
    remedy: 'Give the names a common prefix before @, or a common group.',
    retry: 'no',
  },
  'rate-limited': {
    status: 429,
    title: 'A rate limit said no',
    cause: 'The limit has no room for the cost asked.',
    remedy: 'Ask again after `retryAfterMs`.',
    retry: 'later',
  },
  'queue-full': {
    status: 429,
    title: 'Too many are waiting',
    cause: 'The queue of the lock has reached `maxQueue`.',
    remedy: 'Ask again later.',
    retry: 'later',
    members: { retryAfterMs: 1_000, queueLength: 10_000 },
  },
  'too-many-policies': {
    status: 429,
    title: 'The namespace has as many policies as it may',
    cause: 'A namespace holds at most 1000 policies.',
    remedy: 'Delete what is not used, or use another namespace.',
    retry: 'no',
  },
  'too-many-leases': {
    status: 429,
    title: 'The session carries as many leases as it may',
    cause: 'A session holds at most 1000 leases and places in queues.',
    remedy: 'Release what is not used, or open another session.',
    retry: 'later',
  },
  'store-unavailable': {
    status: 503,
    title: 'Redis is not reachable',
    cause: 'The request was not sent to Redis. Nothing was applied.',
    remedy: 'Repeat after Retry-After.',
    retry: 'later',
  },
  'outcome-unknown': {
    status: 503,
    title: 'The outcome is not known',
    cause: 'The request was sent to Redis and its answer was lost. It may have been applied.',
    remedy: 'Repeat with the same Idempotency-Key: it is then applied at most once.',
    retry: 'same-key',
  },
  'store-full': {
    status: 503,
    title: 'Redis is full',
    cause: 'Redis has reached maxmemory and refuses new data. Nothing was applied.',
    remedy: 'Give Redis more memory, or remove data.',
    retry: 'later',
  },
  'store-not-ready': {
    status: 503,
    title: 'Redis cannot serve at the moment',
    cause: 'Redis is loading, read-only, busy, misconfigured or without its cluster; see `reason`.',
    remedy: 'Repeat later; the reason tells the operator what to mend.',
    retry: 'later',
  },
  'not-replicated': {
    status: 503,
    title: 'Too few replicas',
    cause: 'Redis has fewer replicas than min-replicas-to-write asks for. Nothing was applied.',
    remedy: 'Repeat later; bring the replicas back.',
    retry: 'later',
  },
  overloaded: {
    status: 503,
    title: 'The service sheds load',
    cause: 'More requests are waiting than this instance accepts.',
    remedy: 'Repeat after Retry-After, or run more instances.',
    retry: 'later',
  },
  draining: {
    status: 503,
    title: 'This instance is shutting down',
    cause: 'It finishes what it began and accepts nothing new.',
    remedy: 'Repeat; another instance will answer.',
    retry: 'later',
  },
  internal: {
    status: 500,
    title: 'The service failed',
    cause: 'A defect of the service.',
    remedy: 'Report it with the requestId.',
    retry: 'no',
  },
} as const satisfies Record<string, ProblemSpec>

export type ProblemCode = keyof typeof PROBLEMS
