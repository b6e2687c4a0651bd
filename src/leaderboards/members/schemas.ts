import Type from 'typebox'
import { ObjectName, ResourceName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { ENTRY, MemberStanding } from '../entries/schemas.js'
import { closed } from '../schemas.js'
import { RESULT, ScoreResult, SubmittedFields } from '../submissions/schemas.js'

export const MemberParams = Type.Object({ member: ObjectName })

const BoardSubmission = Type.Object(
  { board: ResourceName, ...SubmittedFields },
  {
    ...closed,
    ...exactlyOneOf('score', 'scores'),
    title: 'BoardSubmission',
    description: 'A score for one board.',
  },
)

export const SubmitToLeaderboardsRequest = Type.Object(
  {
    member: ObjectName,
    boards: Type.Array(BoardSubmission, {
      minItems: 1,
      maxItems: 100,
      description: '1 to 100 boards, each once.',
    }),
  },
  {
    ...closed,
    title: 'SubmitToLeaderboardsRequest',
    examples: [{ member: 'ada', boards: [{ board: 'weekly', score: 42 }] }],
  },
)

const BoardResult = Type.Object(
  { board: ResourceName, ...ScoreResult.properties },
  { title: 'BoardResult', description: 'What became of the score on one board.' },
)

export const BoardResults = Type.Object(
  { results: Type.Array(BoardResult, { description: 'In the order of the boards.' }) },
  {
    title: 'BoardResults',
    description: 'One result per board, in the order of the request.',
    examples: [{ results: [{ board: 'weekly', ...RESULT }] }],
  },
)

const Cursor = Type.Optional(
  Type.String({
    maxLength: 1_024,
    description: '`nextCursor` of the previous call. Default: the first 500 boards.',
  }),
)

export const WalkQuery = Type.Object({ cursor: Cursor }, closed)

export const EraseMemberRequest = Type.Object(
  { cursor: Cursor },
  { ...closed, title: 'EraseMemberRequest', examples: [{}] },
)

const Walked = {
  failed: Type.Optional(
    Type.Array(ResourceName, {
      description: 'Boards of these 500 that failed; absent: none did.',
    }),
  ),
  nextCursor: Type.Optional(
    Type.String({ description: '`cursor` for the next 500 boards; absent after the last ones.' }),
  ),
}

const MemberLeaderboard = Type.Object(
  { board: ResourceName, ...MemberStanding.properties },
  { title: 'MemberLeaderboard', description: 'The entry of the member on one board.' },
)

export const MemberLeaderboardList = Type.Object(
  {
    items: Type.Array(MemberLeaderboard, { description: 'By name of the board; at most 500.' }),
    ...Walked,
  },
  {
    title: 'MemberLeaderboardList',
    description: 'Entries of the member in current seasons.',
    examples: [{ items: [{ board: 'weekly', ...ENTRY }] }],
  },
)

export const MemberErasure = Type.Object(
  {
    erasedCount: Type.Integer({
      minimum: 0,
      maximum: 500 * 101,
      description: 'Entries that were erased, over the kept seasons of these boards.',
    }),
    ...Walked,
  },
  {
    title: 'MemberErasure',
    description: 'The member is on none of these boards but the failed ones.',
    examples: [{ erasedCount: 3 }],
  },
)
