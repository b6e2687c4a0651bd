import Type from 'typebox'
import { ObjectName, ResourceName } from '../../http/names.js'
import { where } from '../../schema/exactly-one.js'
import { FoundItem, MAX_ITEMS, VALUE_OR_NEGATIVE, WriteFields } from '../batches/schemas.js'
import { Int64 } from '../counters/schemas.js'

export const OPS = ['get', 'put', 'delete', 'incr'] as const

const { encoding: _, ...writeFields } = WriteFields

/** One flat form, so that what is wrong can be said of the field; operations.ts says what goes where. */
export const Operation = Type.Object(
  {
    op: Type.Enum([...OPS], {
      description:
        'get: read bytes. put: store bytes, with the fields of set-many. delete: drop a key for good. incr: add to a counter.',
    }),
    space: ResourceName,
    key: ObjectName,
    encoding: Type.Optional(
      Type.Enum(['json', 'text', 'base64'], {
        description:
          'get, put: how the value stands in JSON, as in get-many and set-many. Default json.',
      }),
    ),
    ...writeFields,
    by: Type.Optional(Int64('incr: what to add; below 0 to subtract. Default 1.')),
    initial: Type.Optional(Int64('incr: what a counter that is not there counts from. Default 0.')),
  },
  { additionalProperties: false, ...where('op', 'put', VALUE_OR_NEGATIVE) },
)

export const PipelineRequest = Type.Object(
  {
    operations: Type.Array(Operation, {
      minItems: 1,
      maxItems: MAX_ITEMS,
      description: `Operations, up to ${MAX_ITEMS}, of any spaces. Those of one key run in their order; no order is promised between keys.`,
    }),
  },
  {
    additionalProperties: false,
    examples: [
      {
        operations: [
          { op: 'incr', space: 'stats', key: 'visits' },
          { op: 'put', space: 'users', key: 'user:7', value: { name: 'Ada' }, ttlMs: 60_000 },
          { op: 'get', space: 'users', key: 'user:7' },
        ],
      },
    ],
  },
)

export const PipelineResponse = Type.Object(
  {
    entries: Type.Array(
      Type.Object({
        key: Type.String(),
        ...FoundItem,
        status: Type.String({
          description:
            '`hit`, `created`, `replaced`, `deleted`, `counted`, `deferred`, or the code of the error that the single call would get.',
        }),
        replayed: Type.Optional(
          Type.Boolean({ description: 'A repeat under its idempotency key, not applied again.' }),
        ),
      }),
    ),
  },
  {
    description: 'What became of each operation, in the order sent; at most 8 MiB of values.',
    examples: [
      {
        entries: [
          { key: 'visits', status: 'counted', value: '8', etag: '"hp9ji8l5s0"' },
          { key: 'user:7', status: 'created', etag: '"hp9ji8l5s1"' },
          {
            key: 'user:7',
            status: 'hit',
            state: 'fresh',
            encoding: 'json',
            value: { name: 'Ada' },
            contentType: 'application/json',
            etag: '"hp9ji8l5s1"',
            ageMs: 0,
            ttlMs: 60_000,
          },
        ],
      },
    ],
  },
)
