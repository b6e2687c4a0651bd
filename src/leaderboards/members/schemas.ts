import Type from 'typebox'
import { ObjectName, ResourceName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { ENTRY, EntryResponse } from '../entries/schemas.js'
import { closed } from '../schemas.js'
import { Entry, RESULT, Result } from '../submissions/schemas.js'

export const MemberParams = Type.Object({ member: ObjectName })

export const SubmissionsRequest = Type.Object(
  {
    member: ObjectName,
    boards: Type.Array(
      Type.Object(
        {
          board: ResourceName,
          score: Entry.properties.score,
          scores: Entry.properties.scores,
          op: Entry.properties.op,
          ifSeq: Entry.properties.ifSeq,
        },
        { ...closed, ...exactlyOneOf('score', 'scores') },
      ),
      { minItems: 1, maxItems: 100, description: '1 to 100 boards, each once.' },
    ),
  },
  { ...closed, examples: [{ member: 'ada', boards: [{ board: 'weekly', score: 42 }] }] },
)

export const SubmissionsResponse = Type.Object(
  {
    results: Type.Array(Type.Object({ board: ResourceName, ...Type.Partial(Result).properties })),
  },
  {
    description: 'One result per board, in the order of the request.',
    examples: [{ results: [{ board: 'weekly', ...RESULT }] }],
  },
)

export const WalkQuery = Type.Object(
  {
    cursor: Type.String({
      default: '',
      maxLength: 128,
      description: '`nextCursor` of the previous call.',
    }),
  },
  closed,
)

const Failed = Type.Optional(
  Type.Array(ResourceName, {
    description: 'Boards of these 500 that failed; absent without any.',
  }),
)

const NextBoards = Type.Union([Type.String(), Type.Null()], {
  description: 'For the next 500 boards; null after the last ones.',
})

export const MemberBoards = Type.Object(
  {
    leaderboards: Type.Array(Type.Object({ board: ResourceName, ...EntryResponse.properties })),
    failed: Failed,
    nextCursor: NextBoards,
  },
  {
    description: 'Entries of the member in present seasons.',
    examples: [{ leaderboards: [{ board: 'weekly', ...ENTRY }], nextCursor: null }],
  },
)

export const Erased = Type.Object(
  {
    entries: Type.Integer({ description: 'Entries that were removed.' }),
    failed: Failed,
    nextCursor: NextBoards,
  },
  {
    description: 'The member is on none of these boards but the failed ones.',
    examples: [{ entries: 3, nextCursor: null }],
  },
)
