import Type from 'typebox'
import { RequestFault } from '../request-faults.js'
import { CONDITION_PROBLEMS, FENCE, FenceNumber } from './condition.js'
import type { ProblemSpecs } from './spec.js'

/** Members of the problems of a lease that is over. */
export const LeaseEnd = Type.Object(
  {
    fence: Type.Optional(FenceNumber('Fencing token of the lease.')),
    reason: Type.Optional(
      Type.String({ description: 'Why it was revoked; absent if it expired or was released.' }),
    ),
    lost: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Names of a lock set that the token no longer holds; absent for one lease.',
      }),
    ),
  },
  { title: 'LeaseEndedProblem', examples: [{ fence: FENCE, reason: 'maintenance' }] },
)

export const REQUEST_PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'The request does not match the schema',
    cause: 'A body, parameter or header breaks its schema, or the JSON cannot be read.',
    remedy:
      'Correct what `errors[]` lists: each entry has the part of the request (`in`), a JSON Pointer into it and what is wrong there.',
    retry: 'no',
    members: Type.Object(
      {
        errors: Type.Optional(
          Type.Array(RequestFault, {
            description: 'The faults, at most 32; absent if the request is not readable HTTP.',
          }),
        ),
      },
      {
        title: 'InvalidRequestProblem',
        examples: [
          { errors: [{ in: 'body', pointer: '/ttlMs', detail: 'must be at least 100, not 1' }] },
        ],
      },
    ),
  },
  unauthenticated: {
    status: 401,
    title: 'A token is needed',
    cause: 'The request has no bearer token, or one that is unknown or has ended.',
    remedy: 'Send `Authorization: Bearer <token>` with a token from the configuration.',
    retry: 'no',
  },
  forbidden: {
    status: 403,
    title: 'The token does not allow this',
    cause:
      'The token lacks the scope of the operation, has it for other names only, or lacks the namespace asked for.',
    remedy: 'Use a token with the scope, name and namespace, or ask the operator for one.',
    retry: 'no',
    members: Type.Object(
      {
        scope: Type.Optional(Type.String({ description: 'The scope that is missing.' })),
        name: Type.Optional(
          Type.String({
            description:
              'The name for which it is missing; absent if the token has it for no name, or the operation needs it for every name.',
          }),
        ),
      },
      { title: 'ForbiddenProblem', examples: [{ scope: 'locks:write', name: 'jobs/nightly' }] },
    ),
  },
  'origin-refused': {
    status: 403,
    title: 'A web page of another origin may not call this service',
    cause:
      'Origin or Sec-Fetch-Site says that a page of another site, or of another port of this machine, sent the request.',
    remedy: 'Call from a server, or add the host to LOCKSTEP_ALLOWED_HOSTS.',
    retry: 'no',
  },
  'host-refused': {
    status: 403,
    title: 'The Host header is not one of this service',
    cause:
      'Where LOCKSTEP_HOST_CHECK holds, the service answers to loopback and allowed names only, so that a web page cannot reach it by DNS rebinding.',
    remedy: 'Use 127.0.0.1 or localhost, or add the host to LOCKSTEP_ALLOWED_HOSTS.',
    retry: 'no',
  },
  'unknown-path': {
    status: 404,
    title: 'Unknown path',
    cause: 'No route has this path.',
    remedy: 'Compare the path with /openapi.yaml; percent-encode names.',
    retry: 'no',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The path does not have this method',
    cause: 'The path exists, but not with this method.',
    remedy: 'Use one of the methods in `Allow`.',
    retry: 'no',
  },
  'in-config-file': {
    status: 409,
    title: 'The configuration file defines this name',
    cause: 'A name that the configuration file defines cannot be changed over HTTP.',
    remedy: 'Change the file and send SIGHUP.',
    retry: 'no',
  },
  ...CONDITION_PROBLEMS,
  'too-large': {
    status: 413,
    title: 'The request is too large',
    cause: 'The body or the value has more bytes, or more JSON values, than it may.',
    remedy: 'Send less; the answer names the limit.',
    retry: 'no',
    members: Type.Object(
      {
        maxBodyBytes: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Bytes that the body may have.' }),
        ),
        maxValueBytes: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Bytes that a value of the space may have.' }),
        ),
        maxMessageBytes: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Bytes that a message of the queue may have.' }),
        ),
        maxSendBytes: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Bytes that the messages of a call may have.' }),
        ),
        maxEntryBytes: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Bytes that an entry of the stream may have.' }),
        ),
        maxAppendBytes: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Bytes that the entries of a call may have.' }),
        ),
        maxFields: Type.Optional(
          Type.Integer({ minimum: 0, description: 'Fields that an object may have.' }),
        ),
      },
      { title: 'TooLargeProblem', examples: [{ maxBodyBytes: 65_536 }] },
    ),
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
    remedy: 'Use a new key for every new request.',
    retry: 'no',
  },
  'cross-slot': {
    status: 422,
    title: 'The names belong to several slots',
    cause: 'On Redis Cluster an all-or-nothing operation needs names of one slot.',
    remedy: 'Give the names a common prefix before @, or a common group.',
    retry: 'no',
  },
  'too-many-policies': {
    status: 429,
    title: 'The namespace has too many policies',
    cause: 'A namespace holds at most 1000 policies.',
    remedy: 'Delete unused policies, or use another namespace.',
    retry: 'no',
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    cause: 'The request line and the headers have more than 16 KiB.',
    remedy: 'Send fewer or shorter headers.',
    retry: 'no',
  },
  overloaded: {
    status: 503,
    title: 'The service sheds load',
    cause:
      'This instance has more to do than it can: `reason` is `connections`, `requests`, `waiters`, `streams` or `body-bytes`; or too much waits for its `event-loop` or for `redis`. Nothing was applied.',
    remedy: 'Repeat after Retry-After, or run more instances.',
    retry: 'later',
  },
  draining: {
    status: 503,
    title: 'This instance is shutting down',
    cause: 'It finishes running requests and refuses new ones.',
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
  'lease-expired': {
    status: 410,
    title: 'The lease has expired',
    cause: 'Its time passed before this request arrived.',
    remedy: 'Stop the protected work and acquire a new lease; renew earlier next time.',
    retry: 'no',
    members: LeaseEnd,
  },
  unsatisfiable: {
    status: 409,
    title: 'This can never be granted',
    cause: 'The request asks for more than the whole capacity.',
    remedy: 'Ask for less, or raise the capacity.',
    retry: 'no',
  },
} as const satisfies ProblemSpecs
