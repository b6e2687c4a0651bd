import Type from 'typebox'
import { ObjectName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { LifeFields, Tag } from '../entries/schemas.js'
import { Lease, OfferedLease, OwnToken } from '../leases/schemas.js'

export const MAX_ITEMS = 1_000
/** Of a body: the largest value there may be, in base64, and its neighbours. */
export const MAX_BATCH_BYTES = 12 * 1024 * 1024

const keys = Type.Array(ObjectName, {
  minItems: 1,
  maxItems: MAX_ITEMS,
  description: `Keys, up to ${MAX_ITEMS}; answered in their order.`,
})

export const Encoding = (options: { description?: string; default?: 'json' }) =>
  Type.Enum(['json', 'text', 'base64'], options)

export const encoding = Encoding({
  default: 'json',
  description:
    'How values are encoded in the answer. json: stored JSON verbatim, if it has no more levels and values than a body may have; what is not JSON as text, what is not UTF-8 as base64. text: UTF-8 as text, else base64. Each item says which. Default json.',
})

export const GetManyRequest = Type.Object(
  {
    keys,
    encoding,
    lease: Type.Boolean({
      default: false,
      description:
        'Offer to load, as a GET with `lease` does: each item says whether the caller should. Needs cache:write. Default false.',
    }),
    leaseTokens: Type.Optional(
      Type.Array(OwnToken('Of one key.'), {
        maxItems: MAX_ITEMS,
        description:
          'With `lease`: a token for the lease of each key, in their order, so that a repeat of this request is granted the same leases.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ keys: ['user:7', 'user:8'] }, { keys: ['user:7', 'user:8'], lease: true }],
  },
)

export const DeleteManyRequest = Type.Object(
  { keys },
  { additionalProperties: false, examples: [{ keys: ['user:7', 'user:8'] }] },
)

/** What a write says besides its key; also one of a pipeline. */
export const WriteFields = {
  value: Type.Optional(
    Type.Unknown({ description: 'The value, in the form that `encoding` says.' }),
  ),
  encoding: Encoding({
    default: 'json',
    description:
      'json: any JSON, stored as JSON.stringify prints it, so integers beyond 2^53 lose digits: send those as text. text: a string, stored as UTF-8. base64: bytes. Default json.',
  }),
  contentType: Type.Optional(
    Type.String({
      description:
        'Stored and returned. Default: application/json, text/plain or application/octet-stream, by encoding.',
    }),
  ),
  ...LifeFields,
  tags: Type.Optional(Type.Array(Tag, { maxItems: 32, description: 'Tags, up to 32.' })),
  leaseToken: Type.Optional(Lease('The lease that this was loaded under; it is a condition.')),
  ifMatch: Type.Optional(
    Type.String({ description: 'The ETag that must be there, or `*` for any.' }),
  ),
  ifNoneMatch: Type.Optional(
    Type.Literal('*', { description: '`*`: store only where there is no value.' }),
  ),
  negative: Type.Optional(
    Type.Boolean({
      description:
        'The key is known to have no value: no `value`, and for `ttlMs`, by default `negativeTtlMs` of the space.',
    }),
  ),
}

/** What a write brings: a value, or that there is none. */
export const VALUE_OR_NEGATIVE = exactlyOneOf('value', { field: 'negative', is: true })

export const SetManyRequest = Type.Object(
  {
    entries: Type.Array(
      Type.Object(
        { key: ObjectName, ...WriteFields },
        { additionalProperties: false, ...VALUE_OR_NEGATIVE },
      ),
      {
        minItems: 1,
        maxItems: MAX_ITEMS,
        description: `Entries, up to ${MAX_ITEMS}; answered in their order.`,
      },
    ),
  },
  {
    additionalProperties: false,
    examples: [
      {
        entries: [
          { key: 'user:7', value: { name: 'Ada' }, ttlMs: 60_000, tags: ['team-3'] },
          { key: 'logo', value: 'iVBORw0KGgo=', encoding: 'base64', contentType: 'image/png' },
        ],
      },
    ],
  },
)

const status = (description: string) => Type.String({ description })
const etag = Type.Optional(Type.String({ description: 'Version of the value.' }))
const detail = Type.Optional(
  Type.String({ description: 'What happened, where the store gave no outcome.' }),
)
const reason = Type.Optional(Type.String({ description: 'With `store-not-ready`: why.' }))
export const replayed = Type.Optional(
  Type.Boolean({ description: 'A repeat under its idempotency key: nothing was applied again.' }),
)

export const FoundItem = {
  status: status(
    '`hit`, `cache-miss`, `kind-mismatch`, `deferred` (the answer is full: ask again), or the code of an error of the store.',
  ),
  state: Type.Optional(Type.Enum(['fresh', 'stale', 'negative', 'miss'])),
  kind: Type.Optional(Type.Enum(['counter', 'object'])),
  encoding: Type.Optional(Encoding({})),
  value: Type.Optional(Type.Unknown({ description: 'In the form that `encoding` says.' })),
  contentType: Type.Optional(Type.String()),
  contentEncoding: Type.Optional(Type.String()),
  etag,
  ageMs: Type.Optional(Type.Integer({ description: 'Since it was stored.' })),
  expiresInMs: Type.Optional(Type.Integer({ description: 'Until it is stale; 0 where it is.' })),
  lease: Type.Optional(OfferedLease),
  detail,
  reason,
}

export const HIT_EXAMPLE = {
  key: 'user:7',
  status: 'hit',
  state: 'fresh',
  encoding: 'json',
  value: { name: 'Ada' },
  contentType: 'application/json',
  etag: '"hp9ji8l5s1"',
  ageMs: 0,
  expiresInMs: 60_000,
}

export const GetManyResponse = Type.Object(
  { results: Type.Array(Type.Object({ key: Type.String(), ...FoundItem })) },
  {
    description: 'What each key holds, in the order asked; at most 8 MiB of values.',
    examples: [
      {
        results: [
          HIT_EXAMPLE,
          {
            key: 'user:8',
            status: 'cache-miss',
            state: 'miss',
            lease: {
              status: 'granted',
              token: 'u3Jq0c9mT1uVwX2yZ4aBcD.1789000000000000',
              expiresInMs: 9_999,
            },
          },
        ],
      },
    ],
  },
)

const WrittenItem = (statuses: string) =>
  Type.Object({ key: Type.String(), status: status(statuses), etag, detail, reason, replayed })

export const SetManyResponse = Type.Object(
  {
    results: Type.Array(
      WrittenItem(
        '`created`, `replaced`, or the code of the error that a PUT of this entry would get.',
      ),
    ),
  },
  {
    description: 'What became of each entry, in the order sent.',
    examples: [
      {
        results: [
          { key: 'user:7', status: 'replaced', etag: '"hp9ji8l5s0"' },
          { key: 'logo', status: 'precondition-failed', etag: '"hp9ji8k001"' },
        ],
      },
    ],
  },
)

export const DeleteManyResponse = Type.Object(
  { results: Type.Array(WrittenItem('`deleted`, or the code of an error of the store.')) },
  {
    description: 'What became of each key, in the order sent.',
    examples: [{ results: [{ key: 'user:7', status: 'deleted' }] }],
  },
)
