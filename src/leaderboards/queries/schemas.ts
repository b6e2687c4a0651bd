import Type from 'typebox'
import { ObjectName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import {
  LeaderboardEntry,
  Percentile,
  Position,
  Rank,
  SeasonQuery,
  StandingFields,
} from '../entries/schemas.js'
import { closed, Member, Score, SeasonId, Total } from '../schemas.js'

const MAX_QUERIED = 1_000

export const QueryLeaderboardRequest = Type.Object(
  {
    members: Type.Optional(
      Type.Array(ObjectName, {
        minItems: 1,
        maxItems: MAX_QUERIED,
        description:
          '1 to 1000 members, such as friends or a team, with their places among each other.',
      }),
    ),
    score: Type.Optional(Score),
    scores: Type.Optional(
      Type.Array(Score, {
        maxItems: 5,
        description: 'The place of these scores, on a board with several columns.',
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
  {
    ...closed,
    ...exactlyOneOf('members', 'score', 'scores', 'percentile'),
    title: 'QueryLeaderboardRequest',
    examples: [{ members: ['ada', 'bob'] }, { score: 42 }, { percentile: 99 }],
  },
)

const QueriedMember = Type.Object(
  {
    ...LeaderboardEntry.properties,
    ...StandingFields,
    place: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_QUERIED,
        description: 'Place among the queried members, from 1; absent: not ranked.',
      }),
    ),
  },
  {
    title: 'QueriedMember',
    description: 'The entry of a member, and its place among the queried.',
  },
)

export const LeaderboardQueryResult = Type.Object(
  {
    items: Type.Optional(
      Type.Array(QueriedMember, {
        description: 'For `members`: those with an entry, best first, hidden ones last.',
      }),
    ),
    notFound: Type.Optional(
      Type.Array(Member, { description: 'For `members`: those without an entry.' }),
    ),
    rank: Type.Optional(Rank),
    position: Type.Optional(Position),
    percentile: Type.Optional(Percentile),
    entry: Type.Optional(LeaderboardEntry),
    total: Total,
    seasonId: SeasonId,
  },
  {
    title: 'LeaderboardQueryResult',
    description:
      'For `members`: `items` and `notFound`. For a score: the `rank`, `position` and `percentile` that a new member would get. For a percentile: the `entry`, absent if none is so good.',
    examples: [
      {
        items: [{ member: 'ada', score: 300, rank: 1, position: 1, percentile: 75, place: 1 }],
        notFound: ['eve'],
        total: 2,
        seasonId: 'all',
      },
      { rank: 2, position: 2, percentile: 50, total: 2, seasonId: 'all' },
      { entry: { member: 'ada', score: 300, rank: 1, position: 1 }, total: 2, seasonId: 'all' },
    ],
  },
)
