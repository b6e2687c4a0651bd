import Type from 'typebox'
import { ByName } from '../../http/by-name.js'
import { FenceHeaders } from '../../http/fence.js'
import { ObjectName } from '../../http/names.js'
import { IdempotencyHeaders } from '../../http/request-fingerprint.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { Percentile, Position, Rank, Scores } from '../entries/schemas.js'
import { closed, Member, Op, Score, SeasonId, Total } from '../schemas.js'

export const SubmitHeaders = Type.Object({
  ...IdempotencyHeaders.properties,
  ...FenceHeaders,
})

const Metadata = ByName(Type.Unknown(), {
  title: 'Metadata',
  description: 'Returned with the entry; at most 1024 bytes of JSON. Default: what is stored.',
})

/** A score of a member, without the member. */
export const SubmittedFields = {
  score: Type.Optional(Score),
  scores: Type.Optional(
    Type.Array(Score, {
      maxItems: 5,
      description: 'On a board with several columns.',
    }),
  ),
  op: Type.Optional(
    Op({ description: 'Replaces the operation of the board. Default: the one of the board.' }),
  ),
  ifSeq: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Applies only if it exceeds the last one of this member. Default: applies.',
    }),
  ),
}

const ScoreSubmission = Type.Object(
  { member: ObjectName, ...SubmittedFields, metadata: Type.Optional(Metadata) },
  {
    ...closed,
    ...exactlyOneOf('score', 'scores'),
    title: 'ScoreSubmission',
    description: 'One score of one member.',
  },
)

export const SubmitScoresRequest = Type.Object(
  {
    entries: Type.Array(ScoreSubmission, {
      minItems: 1,
      maxItems: 200,
      description: '1 to 200 entries, applied in this order.',
    }),
  },
  {
    ...closed,
    title: 'SubmitScoresRequest',
    examples: [{ entries: [{ member: 'ada', score: 42 }] }],
  },
)

export const ScoreResult = Type.Object(
  {
    member: Member,
    changed: Type.Boolean({ description: 'What is stored has changed.' }),
    personalBest: Type.Boolean({ description: 'Better than what was stored, or the first.' }),
    ...Scores,
    rank: Type.Optional(Rank),
    previousRank: Type.Optional(Rank),
    position: Type.Optional(Position),
    total: Type.Optional(Total),
    percentile: Type.Optional(Percentile),
    seasonId: Type.Optional(SeasonId),
    dropped: Type.Optional(
      Type.Boolean({ description: 'True: not kept, as maxMembers others are better.' }),
    ),
    error: Type.Optional(
      Type.Enum(
        [
          'out-of-range',
          'stale-sequence',
          'invalid-request',
          'season-closed',
          'idempotency-conflict',
          'fence-outdated',
        ],
        { title: 'ScoreError', description: 'Why nothing was applied; absent: no error.' },
      ),
    ),
  },
  {
    title: 'ScoreResult',
    description: 'What became of one entry; the scores are what is stored now.',
  },
)

/** The result of the first submission to a board. */
export const RESULT = {
  member: 'ada',
  changed: true,
  personalBest: true,
  score: 42,
  rank: 1,
  position: 1,
  total: 1,
  percentile: 50,
  seasonId: 'all',
}

export const ScoreResults = Type.Object(
  { results: Type.Array(ScoreResult, { description: 'In the order of the entries.' }) },
  {
    title: 'ScoreResults',
    description: 'One result per entry; ranks are as of the end of the call.',
    examples: [{ results: [RESULT] }],
  },
)
