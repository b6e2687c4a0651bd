import Type from 'typebox'
import { ObjectName } from '../http/names.js'
import { closed, OPS, ScoreValue, SeasonId, Total } from './schemas.js'

const Metadata = Type.Record(Type.String(), Type.Unknown(), {
  description: 'Shown with the entry; at most 1024 bytes of JSON. Absent: what is stored stays.',
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
  closed,
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

const AnyScore = Type.Union([Type.Number(), Type.String()])
const Rank = Type.Union([Type.Integer(), Type.Null()], {
  description: 'In the style of the board; null: not ranked.',
})
const Scores = {
  score: Type.Optional(AnyScore),
  scores: Type.Optional(Type.Array(AnyScore)),
}

export const Result = Type.Object({
  member: Type.String(),
  changed: Type.Boolean(),
  personalBest: Type.Boolean({ description: 'Better than what was stored, or the first.' }),
  ...Scores,
  rank: Rank,
  previousRank: Rank,
  position: Rank,
  total: Total,
  percentile: Type.Union([Type.Number(), Type.Null()]),
  season: SeasonId,
  dropped: Type.Optional(Type.Boolean({ description: 'It fell out: maxMembers are better.' })),
  error: Type.Optional(
    Type.Enum(['out-of-range', 'stale-sequence'], { description: 'Why nothing was applied.' }),
  ),
})

export const SubmitResponse = Type.Object(
  { results: Type.Array(Result) },
  {
    description: 'One result per entry; ranks are as after the whole call.',
    examples: [
      {
        results: [
          {
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
          },
        ],
      },
    ],
  },
)

const SeasonQuery = {
  season: Type.Optional(
    Type.String({
      pattern: '^(all|\\d{8}T\\d{6}Z)$',
      description: 'A season by its id; the present one if absent.',
    }),
  ),
}

const TextScore = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 32, description }))

export const PageQuery = Type.Object(
  {
    from: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'Place of the first entry, from 1.',
    }),
    limit: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 1_000,
      description: 'Entries, 1 to 1000.',
    }),
    cursor: Type.Optional(
      Type.String({ maxLength: 2_048, description: '`nextCursor` of the page before.' }),
    ),
    order: Type.Enum(['best', 'worst'], { default: 'best', description: 'Which end comes first.' }),
    minScore: TextScore('Least score of the first column.'),
    maxScore: TextScore('Greatest score of the first column.'),
    ...SeasonQuery,
  },
  closed,
)

export const EntryQuery = Type.Object(SeasonQuery, closed)

export const AroundQuery = Type.Object(
  {
    count: Type.Integer({
      default: 11,
      minimum: 1,
      maximum: 1_000,
      description: 'Entries with the member, 1 to 1000; of an even count one more is above.',
    }),
    ...SeasonQuery,
  },
  closed,
)

const Listed = Type.Object({
  member: Type.String(),
  ...Scores,
  rank: Rank,
  position: Rank,
  metadata: Type.Optional(Type.Unknown()),
})

export const PageResponse = Type.Object(
  {
    entries: Type.Array(Listed),
    total: Total,
    season: SeasonId,
    nextCursor: Type.Union([Type.String(), Type.Null()], {
      description: 'For the next page; null: this was the last.',
    }),
  },
  {
    description: 'Entries; ranks are of this moment.',
    examples: [
      {
        entries: [
          { member: 'ada', score: 300, rank: 1, position: 1 },
          { member: 'bob', score: 120, rank: 2, position: 2 },
        ],
        total: 2,
        season: 'all',
        nextCursor: null,
      },
    ],
  },
)

export const AroundResponse = Type.Object(
  { entries: Type.Array(Listed), total: Total, season: SeasonId },
  {
    description: 'The member and its neighbours, best first.',
    examples: [
      {
        entries: [
          { member: 'ada', score: 300, rank: 1, position: 1 },
          { member: 'bob', score: 120, rank: 2, position: 2 },
        ],
        total: 2,
        season: 'all',
      },
    ],
  },
)

export const EntryResponse = Type.Object(
  {
    ...Listed.properties,
    percentile: Type.Union([Type.Number(), Type.Null()], {
      description: 'Share of the members that it beats, equal ones counting half, in percent.',
    }),
    tier: Type.Optional(Type.String()),
    hidden: Type.Optional(Type.Boolean({ description: 'Stored, but not ranked.' })),
    total: Total,
    season: SeasonId,
  },
  {
    description: 'One entry.',
    examples: [
      {
        member: 'ada',
        score: 300,
        rank: 1,
        position: 1,
        percentile: 75,
        tier: 'gold',
        total: 2,
        season: 'all',
      },
    ],
  },
)

export const QueryRequest = Type.Object(
  {
    members: Type.Optional(
      Type.Array(ObjectName, {
        minItems: 1,
        maxItems: 1_000,
        description: 'Friends, a team: 1 to 1000 members, ranked and placed among themselves.',
      }),
    ),
    score: Type.Optional(ScoreValue('Where this would land, on a board with one column.')),
    scores: Type.Optional(
      Type.Array(ScoreValue('One for every column.'), {
        maxItems: 5,
        description: 'Where these would land, on a board with several columns.',
      }),
    ),
    percentile: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 100,
        description: 'The worst entry whose percentile is at least this, 0 to 100.',
      }),
    ),
    season: SeasonQuery.season,
  },
  { ...closed, examples: [{ members: ['ada', 'bob'] }, { score: 42 }, { percentile: 99 }] },
)

export const QueryResponse = Type.Object(
  {
    entries: Type.Optional(
      Type.Array(
        Type.Object({
          ...Listed.properties,
          percentile: Type.Union([Type.Number(), Type.Null()]),
          tier: Type.Optional(Type.String()),
          hidden: Type.Optional(Type.Boolean()),
          place: Type.Union([Type.Integer(), Type.Null()], {
            description: 'Place within the list asked for, from 1; null: not ranked.',
          }),
        }),
      ),
    ),
    notFound: Type.Optional(Type.Array(Type.String())),
    rank: Type.Optional(Type.Integer({ description: 'Rank that the score would have.' })),
    position: Type.Optional(Type.Integer({ description: 'Position that it would have.' })),
    percentile: Type.Optional(Type.Number()),
    entry: Type.Optional(Type.Union([Listed, Type.Null()])),
    total: Total,
    season: SeasonId,
  },
  {
    description: 'What was asked for: entries, a place, or the entry with the percentile.',
    examples: [
      {
        entries: [{ member: 'ada', score: 300, rank: 1, position: 1, percentile: 75, place: 1 }],
        notFound: ['eve'],
        total: 2,
        season: 'all',
      },
      { rank: 2, position: 2, percentile: 50, total: 2, season: 'all' },
      { entry: { member: 'ada', score: 300, rank: 1, position: 1 }, total: 2, season: 'all' },
    ],
  },
)
