import Type from 'typebox'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { Count, closed, EXAMPLE_ID, MessageId } from '../fields.js'

const MAX_IDS = 1_000
const MAX_COUNT = 10_000

const ids = Type.Array(MessageId, {
  minItems: 1,
  maxItems: MAX_IDS,
  description: `Ids of dead letters, 1 to ${MAX_IDS}. Others are passed over.`,
})

export const RedriveRequest = Type.Object(
  {
    ids: Type.Optional(ids),
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_COUNT,
        description: `So many, the oldest first. 1 to ${MAX_COUNT}.`,
      }),
    ),
  },
  {
    ...closed,
    ...exactlyOneOf('ids', 'count'),
    title: 'RedriveDeadLettersRequest',
    examples: [{ ids: [EXAMPLE_ID] }, { count: 100 }],
  },
)

export const Redriven = Type.Object(
  {
    redriven: Count('Dead letters that are messages again.'),
    full: Type.Boolean({
      description: 'Whether some stayed dead letters, because the queue is at its `capacity`.',
    }),
  },
  {
    title: 'RedrivenDeadLetters',
    description: 'The dead letters are messages again, without failures.',
    examples: [{ redriven: 1, full: false }],
  },
)

export const DiscardRequest = Type.Object(
  { ids },
  { ...closed, title: 'DiscardDeadLettersRequest', examples: [{ ids: [EXAMPLE_ID] }] },
)

export const Discarded = Type.Object(
  { discarded: Count('Dead letters that were deleted.') },
  {
    title: 'DiscardedDeadLetters',
    description: 'The dead letters are deleted.',
    examples: [{ discarded: 1 }],
  },
)
