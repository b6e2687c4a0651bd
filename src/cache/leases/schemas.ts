import Type from 'typebox'
import { DurationMs } from '../../http/names.js'
import { header, numberHeader, timeLeft } from '../fields.js'

export const MIN_LEASE_MS = 500
export const MAX_LEASE_MS = 600_000
const DEFAULT_BACKOFF_MS = 5_000

export const LEASE_PATTERN = '^[A-Za-z0-9_~-]{16,64}\\.[0-9]{1,16}$'

/** A lease as its holder shows it: the token, and which of the token's grants it is. */
export const Lease = (description: string) =>
  Type.String({
    pattern: LEASE_PATTERN,
    description: `${description} As the read said it: \`<token>.<grant>\`.`,
  })

/** The fields of a GET that offers to load. */
export const AskQuery = {
  lease: Type.Optional(
    Type.Boolean({
      description:
        'Offer to load: where there is no fresh value, one caller gets a lease and should. Needs cache:write.',
    }),
  ),
  waitMs: Type.Optional(
    DurationMs(
      0,
      30_000,
      'With `lease`: where there is nothing to serve and another loads, wait for it. Default 0. In a space with an origin: how long to wait for the load; by default twice `timeoutMs` of the origin and a second.',
    ),
  ),
}

/** The token that a caller chose, or the lease that it was granted under it. */
export const OwnToken = (description: string) =>
  Type.String({
    pattern: '^[A-Za-z0-9_~-]{16,64}(\\.[0-9]{1,16})?$',
    description: `${description} 16 to 64 letters, digits, _ ~ -; what was granted under it may follow.`,
  })

/** A token of a caller, without the grant that may follow it. */
export const tokenIn = (own: string): string => own.split('.', 1)[0] as string

export const AskHeaders = {
  'lockstep-lease': Type.Optional(
    OwnToken(
      'With `lease`: a token of the caller, new for every load, under which the lease is granted: a repeat of the same request is granted the same lease.',
    ),
  ),
}

export const FillHeaders = {
  'lockstep-lease': Type.Optional(
    Lease(
      'The lease that this value was loaded under: it is stored only if nothing came between (412 `lease-lost`).',
    ),
  ),
}

/** What an answer says of the lease, in headers and in JSON. */
export const OfferedLease = Type.Object(
  {
    status: Type.Enum(['granted', 'held', 'backoff'], {
      title: 'CacheLeaseStatus',
      description:
        'granted: the caller should load. held: another loads. backoff: a load failed, and no caller may load yet.',
    }),
    token: Type.Optional(
      Type.String({
        pattern: LEASE_PATTERN,
        description: 'With `granted`: the lease, to be sent with the fill.',
      }),
    ),
    expiresInMs: Type.Optional(timeLeft('With `granted`: how long it lasts at least.')),
    retryAfterMs: Type.Optional(
      timeLeft(
        'With `held`: when the load should be over. With `backoff`: when a lease may be granted.',
      ),
    ),
  },
  {
    title: 'CacheLease',
    description:
      'Who should load: there where the caller offered to, and there is something to load.',
  },
)

export const LEASE_HEADERS = {
  'Lockstep-Lease-Status': header(
    'With `lease`, where there is something to load: `granted`: the caller should load; `held`: another loads; `backoff`: a load failed.',
  ),
  'Lockstep-Lease': header('With `granted`: the lease, to be sent with the fill.'),
  'Lockstep-Lease-Expires-In-Ms': numberHeader(
    'With `granted`: how long the lease lasts at least. Milliseconds.',
  ),
  'Retry-After': numberHeader(
    'With `held`: whole seconds until the load should be over, by how long loads took lately, at most until the lease ends. With `backoff`: until a lease may be granted.',
  ),
}

const token = Lease('The lease.')

export const RenewRequest = Type.Object(
  {
    token,
    leaseMs: Type.Optional(
      DurationMs(
        MIN_LEASE_MS,
        MAX_LEASE_MS,
        'Length of the lease from now on. Default: `leaseMs` of the space.',
      ),
    ),
  },
  {
    title: 'RenewCacheLeaseRequest',
    additionalProperties: false,
    examples: [{ token: 'u3Jq0c9mT1uVwX2yZ4aBcD.1789000000000000', leaseMs: 30_000 }],
  },
)

export const RenewResponse = Type.Object(
  { expiresInMs: timeLeft('How long the lease lasts at least.') },
  {
    title: 'RenewedCacheLease',
    description: 'The lease goes on.',
    examples: [{ expiresInMs: 9_998 }],
  },
)

export const CancelRequest = Type.Object(
  {
    token,
    failed: Type.Boolean({
      default: false,
      description:
        'The load failed: a stale value is served through its error window, and no caller gets a lease until the back-off ends. Default false.',
    }),
    backoffMs: Type.Optional(
      DurationMs(
        1,
        MAX_LEASE_MS,
        `With \`failed\`: how long no caller may load. Default ${DEFAULT_BACKOFF_MS}.`,
      ),
    ),
  },
  {
    title: 'CancelCacheLeaseRequest',
    additionalProperties: false,
    examples: [
      { token: 'u3Jq0c9mT1uVwX2yZ4aBcD.1789000000000000' },
      { token: 'u3Jq0c9mT1uVwX2yZ4aBcD.1789000000000000', failed: true, backoffMs: 30_000 },
    ],
  },
)

export const CancelResponse = Type.Object(
  {
    cancelled: Type.Boolean({
      description: 'False where the lease was not held any more: there was nothing to give up.',
    }),
  },
  {
    title: 'CancelledCacheLease',
    description: 'The lease is not held any more.',
    examples: [{ cancelled: true }],
  },
)

/** The back-off of a cancel; 0 for none. */
export const backoffOf = (failed: boolean, backoffMs = DEFAULT_BACKOFF_MS): number =>
  failed ? backoffMs : 0
