import Type from 'typebox'
import { ByName } from '../../http/by-name.js'
import { ObjectName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { Rank, Scores } from '../entries/schemas.js'
import { closed, OPS, ScoreValue, SeasonId, Total } from '../schemas.js'

const Metadata = ByName(Type.Unknown(), {
  description: 'Returned with the entry; at most 1024 bytes of JSON. Default: what is stored.',
})

export const Entry = Type.Object(
  {
    member: ObjectName,
    score: Type.Optional(ScoreValue('Score of a board with one column; beyond 2^53 as a string.')),
    scores: Type.Optional(
      Type.Array(ScoreValue('One for every column.'), {
        maxItems: 5,
        description: 'Scores of a board with several columns.',
      }),
    ),
    op: Type.Optional(Type.Enum([...OPS], { description: 'Replaces the operation of the board.' })),
    metadata: Type.Optional(Metadata),
    ifSeq: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Applies only if it exceeds the last one of this member.',
      }),
    ),
  },
  { ...closed, ...exactlyOneOf('score', 'scores') },
)

export const SubmitRequest = Type.Object(
  {
    entries: Type.Array(Entry, {
      minItems: 1,
      maxItems: 200,
      description: '1 to 200 entries, applied in this order.',
    }),
  },
  { ...closed, examples: [{ entries: [{ member: 'ada', score: 42 }] }] },
)

export const Result = Type.Object({
  member: Type.String(),
  changed: Type.Boolean(),
  personalBest: Type.Boolean({ description: 'Better than what was stored, or the first.' }),
  ...Scores,
  rank: Type.Optional(Rank),
  previousRank: Type.Optional(Rank),
  position: Type.Optional(Rank),
  total: Type.Optional(Total),
  percentile: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
  season: Type.Optional(SeasonId),
  dropped: Type.Optional(Type.Boolean({ description: 'Not kept: maxMembers others are better.' })),
  error: Type.Optional(
    Type.Enum(
      [
        'out-of-range',
        'stale-sequence',
        'invalid-request',
        'season-closed',
        'idempotency-conflict',
      ],
      { description: 'Why nothing was applied.' },
    ),
  ),
})

/** The result of the first submission to a board. */
export const RESULT = {
  member: 'ada',
  changed: true,
  personalBest: true,
  score: 42,
  rank: 1,
  previousRank: null,
  position: 1,
  total: 1,
  percentile: 50,
  season: 'all',
}

export const SubmitResponse = Type.Object(
  { results: Type.Array(Result) },
  {
    description: 'One result per entry; ranks are as of the end of the call.',
    examples: [{ results: [RESULT] }],
  },
)
