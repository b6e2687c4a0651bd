import Type from 'typebox'
import { where } from '../../schema/exactly-one.js'
import { HIT_EXAMPLE, PipelineResult } from '../batches/result-schemas.js'
import { Encoding, MAX_ITEMS, VALUE_OR_NEGATIVE, WriteFields } from '../batches/schemas.js'
import { Int64 } from '../counters/schemas.js'
import { KeyName, SpaceName } from '../fields.js'

const { encoding: _, ...writeFields } = WriteFields

/** One flat form, so that a fault names its field; operations.ts says which fields an operation has. */
export const Operation = Type.Object(
  {
    op: Type.Enum(['get', 'put', 'delete', 'incr'], {
      title: 'CacheOperationKind',
      description:
        'get: read bytes. put: store bytes, with the fields of set-many. delete: drop a key. incr: add to a counter.',
    }),
    space: SpaceName,
    key: KeyName,
    encoding: Type.Optional(
      Encoding({
        description:
          'get, put: how the value is encoded in JSON, as in get-many and set-many. Default json.',
      }),
    ),
    ...writeFields,
    by: Type.Optional(Int64('incr: what to add; below 0 to subtract. Default 1.')),
    initial: Type.Optional(Int64('incr: what a counter that is not there counts from. Default 0.')),
  },
  {
    title: 'CacheOperation',
    additionalProperties: false,
    ...where('op', 'put', VALUE_OR_NEGATIVE),
  },
)

export const PipelineRequest = Type.Object(
  {
    operations: Type.Array(Operation, {
      minItems: 1,
      maxItems: MAX_ITEMS,
      description: `Operations, 1 to ${MAX_ITEMS}, of any spaces. Those of one key run in their order; no order is promised between keys.`,
    }),
  },
  {
    title: 'CachePipelineRequest',
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
    results: Type.Array(PipelineResult, {
      description: 'One for each operation, in the order sent.',
    }),
  },
  {
    title: 'CachePipelineResults',
    description: 'What became of each operation; at most 8 MiB of values.',
    examples: [
      {
        results: [
          { key: 'visits', status: 'counted', value: '8', etag: '"hp9ji8l5s0"' },
          { key: 'user:7', status: 'created', etag: '"hp9ji8l5s1"' },
          HIT_EXAMPLE,
        ],
      },
    ],
  },
)
