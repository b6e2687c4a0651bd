import Type from 'typebox'
import { closed, MAX_MEMBERS, Member, Score, SeasonId, Total } from '../schemas.js'

const Place = (description: string) =>
  Type.Integer({ minimum: 1, maximum: MAX_MEMBERS, description })

export const Rank = Place('By the ranking of the board, 1 for the best; absent: not ranked.')
export const Position = Place('In the order of the board, 1 for the best; absent: not ranked.')
export const Percentile = Type.Number({
  minimum: 0,
  maximum: 100,
  description: 'Percentage of members that it beats; equal ones count half. Absent: not ranked.',
})
export const Scores = {
  score: Type.Optional(Score),
  scores: Type.Optional(
    Type.Array(Score, {
      maxItems: 5,
      description: 'On a board with several columns, in their order.',
    }),
  ),
}
export const Metadata = Type.Unknown({
  description: 'What was submitted with the entry; absent: nothing.',
})

export const SeasonQuery = {
  season: Type.Optional(
    Type.String({
      pattern: '^(all|previous|\\d{8}T\\d{6}Z)$',
      description: 'A season by its id, or `previous`. Default: the current one.',
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
      description: 'Place of the first entry in the range, 1 to 1000000000. Default 1.',
    }),
    limit: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 1_000,
      description: 'Entries per page, 1 to 1000. Default 100.',
    }),
    cursor: Type.Optional(
      Type.String({
        maxLength: 2_048,
        description: '`nextCursor` of the previous page. Default: the first page.',
      }),
    ),
    startWith: Type.Enum(['best', 'worst'], {
      title: 'StartWith',
      default: 'best',
      description: 'Which end comes first. Default best.',
    }),
    minScore: TextScore('Least score of the first column, as decimal text. Default: any.'),
    maxScore: TextScore('Greatest score of the first column, as decimal text. Default: any.'),
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
      description:
        'Entries including the member, 1 to 1000; an even count has one more above it. Default 11.',
    }),
    ...SeasonQuery,
  },
  closed,
)

export const LeaderboardEntry = Type.Object(
  {
    member: Member,
    ...Scores,
    rank: Type.Optional(Rank),
    position: Type.Optional(Position),
    metadata: Type.Optional(Metadata),
  },
  { title: 'LeaderboardEntry', description: 'A member with its score and its place.' },
)

const Entries = Type.Array(LeaderboardEntry, { description: 'In order of their places.' })

const EXAMPLE = {
  items: [
    { member: 'ada', score: 300, rank: 1, position: 1 },
    { member: 'bob', score: 120, rank: 2, position: 2 },
  ],
  total: 2,
  seasonId: 'all',
}

export const LeaderboardEntryList = Type.Object(
  {
    items: Entries,
    total: Total,
    seasonId: SeasonId,
    nextCursor: Type.Optional(
      Type.String({ description: '`cursor` of the next page; absent on the last page.' }),
    ),
  },
  {
    title: 'LeaderboardEntryList',
    description: 'Entries, with the ranks of this moment.',
    examples: [EXAMPLE],
  },
)

export const NeighbourList = Type.Object(
  { items: Entries, total: Total, seasonId: SeasonId },
  {
    title: 'NeighbourList',
    description: 'The member and its neighbours, best first.',
    examples: [EXAMPLE],
  },
)

/** What an entry has besides its place on the board. */
export const StandingFields = {
  percentile: Type.Optional(Percentile),
  tier: Type.Optional(
    Type.String({ description: 'The first tier of the board that fits; absent: none does.' }),
  ),
  hidden: Type.Optional(
    Type.Boolean({ description: 'True: stored, but not ranked. Absent: it is not hidden.' }),
  ),
}

export const ENTRY = {
  member: 'ada',
  score: 300,
  rank: 1,
  position: 1,
  percentile: 75,
  tier: 'gold',
  total: 2,
  seasonId: 'all',
}

export const MemberStanding = Type.Object(
  { ...LeaderboardEntry.properties, ...StandingFields, total: Total, seasonId: SeasonId },
  {
    title: 'MemberStanding',
    description: 'The entry of a member, and how it compares.',
    examples: [ENTRY],
  },
)
