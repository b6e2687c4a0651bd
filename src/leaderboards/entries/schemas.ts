import Type from 'typebox'
import { closed, SeasonId, Total } from '../schemas.js'

const AnyScore = Type.Union([Type.Number(), Type.String()])
export const Rank = Type.Union([Type.Integer(), Type.Null()], {
  description: 'By the rank style of the board; null: not ranked.',
})
export const Scores = {
  score: Type.Optional(AnyScore),
  scores: Type.Optional(Type.Array(AnyScore)),
}

export const SeasonQuery = {
  season: Type.Optional(
    Type.String({
      pattern: '^(all|previous|\\d{8}T\\d{6}Z)$',
      description: 'A season by its id, or `previous`. Default: the present one.',
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
      Type.String({ maxLength: 2_048, description: '`nextCursor` of the previous page.' }),
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
      description: 'Entries including the member, 1 to 1000; an even count has one more above it.',
    }),
    ...SeasonQuery,
  },
  closed,
)

export const Listed = Type.Object({
  member: Type.String(),
  ...Scores,
  rank: Rank,
  position: Rank,
  metadata: Type.Optional(Type.Unknown()),
})

const EXAMPLE = {
  entries: [
    { member: 'ada', score: 300, rank: 1, position: 1 },
    { member: 'bob', score: 120, rank: 2, position: 2 },
  ],
  total: 2,
  season: 'all',
}

export const PageResponse = Type.Object(
  {
    entries: Type.Array(Listed),
    total: Total,
    season: SeasonId,
    nextCursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Of the next page; null on the last one.',
    }),
  },
  {
    description: 'Entries, with the ranks of this moment.',
    examples: [{ ...EXAMPLE, nextCursor: null }],
  },
)

export const AroundResponse = Type.Object(
  { entries: Type.Array(Listed), total: Total, season: SeasonId },
  {
    description: 'The member and its neighbours, best first.',
    examples: [EXAMPLE],
  },
)

export const ENTRY = {
  member: 'ada',
  score: 300,
  rank: 1,
  position: 1,
  percentile: 75,
  tier: 'gold',
  total: 2,
  season: 'all',
}

export const EntryResponse = Type.Object(
  {
    ...Listed.properties,
    percentile: Type.Union([Type.Number(), Type.Null()], {
      description: 'Percentage of members that it beats; equal ones count half.',
    }),
    tier: Type.Optional(Type.String()),
    hidden: Type.Optional(Type.Boolean({ description: 'Stored, but not ranked.' })),
    total: Total,
    season: SeasonId,
  },
  { description: 'One entry.', examples: [ENTRY] },
)
