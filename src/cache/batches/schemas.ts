import Type from 'typebox'
import { FenceText } from '../../http/fence.js'
import { ObjectName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { LifeFields, MAX_TAGS, Tag } from '../entries/schemas.js'
import { KeyName } from '../fields.js'
import { Lease, OwnToken } from '../leases/schemas.js'

export const MAX_ITEMS = 1_000
/** Of a body: the largest value there may be, in base64, and its neighbours. */
export const MAX_BATCH_BYTES = 12 * 1024 * 1024

const keys = Type.Array(ObjectName, {
  minItems: 1,
  maxItems: MAX_ITEMS,
  description: `Keys, 1 to ${MAX_ITEMS}; the results are in their order.`,
})

export const Encoding = (options: { description: string; default?: 'json' }) =>
  Type.Enum(['json', 'text', 'base64'], { title: 'CacheValueEncoding', ...options })

export const encoding = Encoding({
  default: 'json',
  description:
    'How values are encoded in the answer. json: stored JSON verbatim, if it has no more levels and values than a body may have; what is not JSON as text, what is not UTF-8 as base64. text: UTF-8 as text, other bytes as base64. Each item says which. Default json.',
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
    title: 'GetManyRequest',
    additionalProperties: false,
    examples: [{ keys: ['user:7', 'user:8'] }, { keys: ['user:7', 'user:8'], lease: true }],
  },
)

export const DeleteManyRequest = Type.Object(
  { keys },
  {
    title: 'DeleteManyRequest',
    additionalProperties: false,
    examples: [{ keys: ['user:7', 'user:8'] }],
  },
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
  tags: Type.Optional(
    Type.Array(Tag, { maxItems: MAX_TAGS, description: `Tags, up to ${MAX_TAGS}. Default: none.` }),
  ),
  leaseToken: Type.Optional(Lease('The lease that this was loaded under; it is a condition.')),
  ifMatch: Type.Optional(
    Type.String({ description: 'The ETag that must be there, or `*` for any.' }),
  ),
  ifNoneMatch: Type.Optional(
    Type.String({ pattern: '^\\*$', description: '`*`: store only where there is no value.' }),
  ),
  ifFence: FenceText('The lock that guards the change, as `If-Fence` of a PUT.'),
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
        {
          key: KeyName,
          ...WriteFields,
        },
        { title: 'SetManyEntry', additionalProperties: false, ...VALUE_OR_NEGATIVE },
      ),
      {
        minItems: 1,
        maxItems: MAX_ITEMS,
        description: `Entries, 1 to ${MAX_ITEMS}; the results are in their order.`,
      },
    ),
  },
  {
    title: 'SetManyRequest',
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
