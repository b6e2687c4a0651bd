import Type from 'typebox'
import { DurationMs, ObjectName, ResourceName } from '../../http/names.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { AskHeaders, AskQuery, FillHeaders } from '../leases/schemas.js'
import { problemResponses } from '../problems.js'

export const SpaceParams = Type.Object({ space: ResourceName })
export const EntryParams = Type.Object({ space: ResourceName, key: ObjectName })

const MatchHeader = {
  'if-match': Type.Optional(
    Type.String({
      description: 'Only if the value has one of these versions, or any with `*`; else 412.',
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

export const TAG = /^[\x20-\x7e]{1,128}$/
export const Tag = Type.String({ pattern: TAG.source, description: '1 to 128 printable ASCII.' })

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
  ttlMs: Type.Optional(DurationMs(1, MAX_LIFE_MS, 'Fresh for; default: the policy of the space.')),
  staleMs: Type.Optional(
    DurationMs(0, MAX_LIFE_MS, 'Then served stale for; default: the policy of the space.'),
  ),
  errorMs: Type.Optional(
    DurationMs(
      0,
      MAX_LIFE_MS,
      'Served stale for so long instead, once a load failed; default: the policy of the space.',
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
    '`s-maxage` or else `max-age`, `stale-while-revalidate`, `stale-if-error`, in seconds; `must-revalidate`: never stale. The query wins. `no-store`, `no-cache` and `private` are 400.',
  ),
  'cache-groups': Type.Optional(
    Type.String({ description: 'Tags as quoted strings (RFC 9875): `"user-7", "team"`.' }),
  ),
  'surrogate-key': Type.Optional(
    Type.String({ description: 'Tags separated by spaces, instead of Cache-Groups.' }),
  ),
  ...ConditionHeaders,
  ...FillHeaders,
  prefer: Type.Optional(
    Type.String({
      description:
        '`return=representation` with `If-None-Match: *`: get or set in one step. Where there is a value, it is the answer (200), instead of 412.',
    }),
  ),
  'lockstep-negative': Type.Optional(
    Type.Enum(['true', 'false'], {
      description:
        '`true`: the key is known to have no value, and a GET says so without a lease. No body; for `ttlMs`, by default `negativeTtlMs` of the space.',
    }),
  ),
})

export const TouchFields = Type.Object(
  {
    ttlMs: Type.Optional(
      DurationMs(1, MAX_LIFE_MS, 'Fresh for, from now on; default: the policy of the space.'),
    ),
  },
  { additionalProperties: false },
)

export const TouchRequest = Type.Object(TouchFields.properties, {
  additionalProperties: false,
  examples: [{}, { ttlMs: 60_000 }],
})

export const ChangeHeaders = Type.Object(ConditionHeaders)

/** Of a change that applies once, also where it is repeated. */
export const KeyedChangeHeaders = Type.Object({
  ...IdempotencyHeaders.properties,
  ...ConditionHeaders,
})

export const LookHeaders = Type.Object(ReadConditionHeaders)

/** The answers of a read without the value. */
export const WITHOUT_VALUE = {
  304: { description: 'The caller has this version.', type: 'null' },
  ...problemResponses(...COMMON_PROBLEMS, 'cache-miss', 'kind-mismatch', 'precondition-failed'),
} as const

/** Raw bytes. Any content type is taken and returned; this is the one that generated clients send. */
export const RawBody = {
  content: {
    'application/octet-stream': {
      schema: Type.String({ format: 'binary', description: 'The value, as raw bytes.' }),
    },
  },
}

const header = (description: string) => ({ type: 'string', description })

export const VALUE_HEADERS = {
  etag: header('Version of the value'),
  age: header('Seconds since it was stored'),
  'cache-status': header('RFC 9211: `lockstep; hit; ttl=37`'),
  'lockstep-state': header('`fresh` or `stale`'),
}

export const EntryMeta = Type.Object(
  {
    kind: Type.Enum(['bytes', 'counter', 'object']),
    state: Type.Enum(['fresh', 'stale']),
    etag: Type.String(),
    ageMs: Type.Integer({ description: 'Since it was stored.' }),
    expiresInMs: Type.Integer({ description: 'Until it is stale; 0 where it is.' }),
    staleExpiresInMs: Type.Integer({ description: 'Until it is no longer served, also as stale.' }),
    loadMs: Type.Integer({ description: 'How long its last load took under a lease, else 0.' }),
    sizeBytes: Type.Integer({ description: 'Bytes of the value.' }),
    contentType: Type.String(),
    contentEncoding: Type.Optional(Type.String()),
    tags: Type.Array(Type.String()),
  },
  {
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
