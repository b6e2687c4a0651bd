import Type from 'typebox'
import { ByName } from '../../http/by-name.js'
import { DurationMs } from '../../http/names.js'
import { Int64 } from '../counters/schemas.js'
import { MAX_LIFE_MS } from '../entries/schemas.js'
import { timeLeft } from '../fields.js'
import { MAX_FIELDS } from './store.js'

/** Of one patch, and of the names in one read. */
export const MAX_CHANGES = 256
const MAX_NAME_LENGTH = 128

const FieldName = Type.String({
  minLength: 1,
  maxLength: MAX_NAME_LENGTH,
  format: 'plain-text',
  pattern: '^[^,]+$',
  description: `1 to ${MAX_NAME_LENGTH} characters, no comma and no control characters.`,
})

export const FieldsQuery = Type.Object(
  {
    names: Type.Optional(
      Type.String({
        minLength: 1,
        // Short enough for a request line with its other parameters.
        maxLength: 8_192,
        description: `Fields to read, separated by commas, up to ${MAX_CHANGES} and 8192 characters. Default: all.`,
      }),
    ),
  },
  { additionalProperties: false },
)

export const FieldsResponse = Type.Object(
  {
    fields: ByName(Type.String(), {
      title: 'CacheFieldValues',
      description: 'Those that are there; a name that is missing has no value.',
    }),
    expiresInMs: timeLeft('How long the whole object lives.'),
  },
  {
    title: 'CacheFields',
    description: 'The fields of one moment.',
    examples: [{ fields: { name: 'Ada', visits: '7' }, expiresInMs: 271_400 }],
  },
)

const ttlMs = Type.Optional(
  DurationMs(
    1,
    MAX_LIFE_MS,
    'How long the whole object lives from now on. Default: it keeps its end, and one that begins takes `ttlMs` of the space.',
  ),
)

export const PatchQuery = Type.Object({ ttlMs }, { additionalProperties: false })

export const PatchRequest = Type.Object(
  {
    set: Type.Optional(
      ByName(Type.String(), {
        title: 'CacheFieldValues',
        description: 'Fields and their new values.',
      }),
    ),
    remove: Type.Optional(
      Type.Array(FieldName, { maxItems: MAX_CHANGES, description: 'Fields to remove.' }),
    ),
    incr: Type.Optional(
      ByName(Int64('What to add.'), {
        title: 'CacheFieldIncrements',
        description: 'Fields and what to add to them; a field that is not there counts from 0.',
      }),
    ),
    ttlMs,
  },
  {
    title: 'PatchCacheFieldsRequest',
    additionalProperties: false,
    description: `Each field at most once, up to ${MAX_CHANGES} in all. An object has up to ${MAX_FIELDS} fields, and names and values together as many bytes as a value of the space may have.`,
    examples: [
      { set: { name: 'Ada', city: 'London' }, remove: ['draft'], incr: { visits: 1 } },
      { set: { name: 'Ada' }, ttlMs: 3_600_000 },
    ],
  },
)

export const PatchResponse = Type.Object(
  {
    created: Type.Boolean({ description: 'There was no object before.' }),
    incremented: ByName(Type.String(), {
      title: 'CacheFieldValues',
      description: 'The values of the fields under `incr` afterwards.',
    }),
  },
  {
    title: 'PatchedCacheFields',
    description: 'All changes are made.',
    examples: [{ created: false, incremented: { visits: '8' } }],
  },
)
