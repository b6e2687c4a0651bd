import Type from 'typebox'
import { ObjectName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { Tag } from '../entries/schemas.js'

export const InvalidateRequest = Type.Object(
  {
    keys: Type.Optional(
      Type.Array(ObjectName, { minItems: 1, maxItems: 1_000, description: 'Keys, 1 to 1000.' }),
    ),
    tags: Type.Optional(
      Type.Array(Tag, {
        minItems: 1,
        maxItems: 100,
        description: 'Tags, 1 to 100: every value with one of them.',
      }),
    ),
    all: Type.Optional(Type.Boolean({ description: 'true: the whole space.' })),
    mode: Type.Enum(['soft', 'hard'], {
      title: 'InvalidationMode',
      default: 'soft',
      description:
        'soft: stale from now on, and served while it is stale. hard: never served again. Default soft.',
    }),
  },
  {
    title: 'InvalidateCacheRequest',
    additionalProperties: false,
    ...exactlyOneOf('keys', 'tags', { field: 'all', is: true }),
    examples: [{ keys: ['user:7'] }, { tags: ['team-3'], mode: 'hard' }, { all: true }],
  },
)
