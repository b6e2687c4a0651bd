import Type from 'typebox'
import { FenceHeaders } from '../../http/fence.js'
import { DurationMs } from '../../http/names.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { EntryKind, EntryState, ETAG, header, numberHeader, PENDING, timeLeft } from '../fields.js'
import { AskHeaders, AskQuery, FillHeaders, LEASE_HEADERS } from '../leases/schemas.js'
import { type Code, problemResponses } from '../problems.js'

const MatchHeader = {
  'if-match': Type.Optional(
    Type.String({
      description: 'Only if the value has one of these versions, or any with `*`; otherwise 412.',
    }),
  ),
}

/** For what changes a value. */
const ConditionHeaders = {
  ...MatchHeader,
  'if-none-match': Type.Optional(
    Type.String({
      description: 'Only if the value has none of these versions; `*`: only if there is none.',
    }),
  ),
}

/** For what reads a value. */
const ReadConditionHeaders = {
  ...MatchHeader,
  'if-none-match': Type.Optional(
    Type.String({ description: 'Entity tags that the caller has; one that fits gives 304.' }),
  ),
}

export const MAX_LIFE_MS = 2_592_000_000

/** The largest `maxValueBytes` of any space. */
export const MAX_VALUE_BYTES = 8 * 1024 * 1024

export const MAX_TAGS = 32

export const TAG = /^[\x20-\x7e]{1,128}$/
export const Tag = Type.String({
  pattern: TAG.source,
  description: 'A tag: 1 to 128 printable ASCII characters.',
})

const CacheControl = (description: string) => Type.Optional(Type.String({ description }))

export const ReadQuery = Type.Object(AskQuery, { additionalProperties: false })

export const ReadHeaders = Type.Object({
  ...ReadConditionHeaders,
  'cache-control': CacheControl(
    '`max-stale=n` or `min-fresh=n` (seconds) narrow what is served; `no-cache` goes to Redis.',
  ),
})

export const GetHeaders = Type.Object({ ...ReadHeaders.properties, ...AskHeaders })

/** How long a value lives, by default as the policy of the space says. */
export const LifeFields = {
  ttlMs: Type.Optional(
    DurationMs(1, MAX_LIFE_MS, 'How long it is fresh. Default: `ttlMs` of the space.'),
  ),
  staleMs: Type.Optional(
    DurationMs(
      0,
      MAX_LIFE_MS,
      'How long it is served stale after that. Default: `staleMs` of the space.',
    ),
  ),
  errorMs: Type.Optional(
    DurationMs(
      0,
      MAX_LIFE_MS,
      'How long it is served stale instead, once a load failed. Default: `errorMs` of the space.',
    ),
  ),
}

export const WriteQuery = Type.Object(LifeFields, { additionalProperties: false })

export const WriteHeaders = Type.Object({
  ...IdempotencyHeaders.properties,
  'content-type': Type.Optional(
    Type.String({
      description:
        'Stored and returned, at most 255 ASCII bytes. Default application/octet-stream.',
    }),
  ),
  'content-encoding': Type.Optional(
    Type.String({ description: 'Stored and returned; the bytes are never decoded.' }),
  ),
  'cache-control': CacheControl(
    '`s-maxage`, or `max-age` without it, `stale-while-revalidate`, `stale-if-error`, in seconds; `must-revalidate`: never stale. The query wins. `no-store`, `no-cache` and `private` are 400.',
  ),
  'cache-groups': Type.Optional(
    Type.String({ description: 'Tags as quoted strings (RFC 9875): `"user-7", "team"`.' }),
  ),
  'surrogate-key': Type.Optional(
    Type.String({ description: 'Tags separated by spaces, instead of Cache-Groups.' }),
  ),
  ...ConditionHeaders,
  ...FenceHeaders,
  ...FillHeaders,
  prefer: Type.Optional(
    Type.String({
      description:
        '`return=representation` with `If-None-Match: *`: get or set in one step. Where there is a value, it is the answer (200), instead of 412.',
    }),
  ),
  'lockstep-negative': Type.Optional(
    Type.Enum(['true', 'false'], {
      title: 'NegativeFlag',
      description:
        '`true`: the key is known to have no value, and a GET says so without a lease. No body; for `ttlMs`, by default `negativeTtlMs` of the space.',
    }),
  ),
})

export const TouchFields = Type.Object(
  {
    ttlMs: Type.Optional(
      DurationMs(
        1,
        MAX_LIFE_MS,
        'How long it is fresh from now on. Default: `ttlMs` of the space.',
      ),
    ),
  },
  { additionalProperties: false },
)

export const TouchRequest = Type.Object(TouchFields.properties, {
  title: 'TouchCacheEntryRequest',
  additionalProperties: false,
  examples: [{}, { ttlMs: 60_000 }],
})

export const TouchHeaders = Type.Object(ConditionHeaders)

export const ChangeHeaders = Type.Object({ ...ConditionHeaders, ...FenceHeaders })

/** Of a change that applies once, also where it is repeated. */
export const KeyedChangeHeaders = Type.Object({
  ...IdempotencyHeaders.properties,
  ...ConditionHeaders,
  ...FenceHeaders,
})

export const LookHeaders = Type.Object(ReadConditionHeaders)

const STATE_HEADERS = {
  'Cache-Status': header('How the cache answered (RFC 9211): `lockstep; hit; ttl=37`.'),
  'Lockstep-State': header('`fresh`, `stale`, `negative` or `miss`.'),
}

/** The problems of a route that may find nothing. */
export function missResponses(...codes: readonly Code[]) {
  const responses = problemResponses(...COMMON_PROBLEMS, 'cache-miss', ...codes)
  return {
    ...responses,
    404: { ...responses[404], headers: { ...STATE_HEADERS, ...LEASE_HEADERS } },
  }
}

/** The answers of a read without the value. */
export const WITHOUT_VALUE = {
  304: { description: 'The caller has this version.', type: 'null', headers: ETAG },
  ...missResponses('kind-mismatch', 'precondition-failed'),
} as const

/** The same for a read that loads from an origin. */
export const WITHOUT_LOADED = {
  304: WITHOUT_VALUE[304],
  ...missResponses(
    'kind-mismatch',
    'precondition-failed',
    'origin-namespace',
    'origin-failed',
    'origin-unavailable',
  ),
} as const

/** Raw bytes. Any content type is taken and returned; this is the one that generated clients send. */
export const RawBody = {
  content: {
    'application/octet-stream': {
      schema: Type.String({ format: 'binary', description: 'The value, as raw bytes.' }),
    },
  },
}

export const VALUE_HEADERS = {
  ...ETAG,
  Age: numberHeader('Whole seconds since it was stored, or confirmed by its origin.'),
  ...STATE_HEADERS,
  'Content-Encoding': header('As it was stored, if it was.'),
  ...PENDING,
}

export const EntryMeta = Type.Object(
  {
    kind: EntryKind,
    state: EntryState,
    etag: Type.String({ description: 'Version of the value; the ETag.' }),
    ageMs: timeLeft('Time since it was stored, or confirmed by its origin.'),
    expiresInMs: timeLeft('Time until it is stale; 0 where it is.'),
    staleExpiresInMs: timeLeft('Time until it is no longer served, also as stale.'),
    loadMs: timeLeft('How long its last load took under a lease; 0 without one.'),
    sizeBytes: Type.Integer({
      minimum: 0,
      maximum: MAX_VALUE_BYTES,
      description: 'Bytes of the value; of an object, of its fields and their names.',
    }),
    contentType: Type.String({ description: 'As it was stored.' }),
    contentEncoding: Type.Optional(Type.String({ description: 'As it was stored, if it was.' })),
    tags: Type.Array(Tag, { maxItems: MAX_TAGS, description: 'Tags of the value.' }),
  },
  {
    title: 'CacheEntryMeta',
    description: 'What is known of a value, of any kind.',
    examples: [
      {
        kind: 'bytes',
        state: 'fresh',
        etag: '"hp9ji8l5s0"',
        ageMs: 12_000,
        expiresInMs: 271_400,
        staleExpiresInMs: 271_400,
        loadMs: 180,
        sizeBytes: 512,
        contentType: 'application/json',
        tags: ['user-7'],
      },
    ],
  },
)
