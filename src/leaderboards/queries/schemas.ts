import Type from 'typebox'
import { ObjectName } from '../../http/names.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'
import { Listed, SeasonQuery } from '../entries/schemas.js'
import { closed, ScoreValue, SeasonId, Total } from '../schemas.js'

export const QueryRequest = Type.Object(
  {
    members: Type.Optional(
      Type.Array(ObjectName, {
        minItems: 1,
        maxItems: 1_000,
        description:
          '1 to 1000 members, such as friends or a team, with their places among each other.',
      }),
    ),
    score: Type.Optional(ScoreValue('The place of this score, on a board with one column.')),
    scores: Type.Optional(
      Type.Array(ScoreValue('One for every column.'), {
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
    examples: [{ members: ['ada', 'bob'] }, { score: 42 }, { percentile: 99 }],
  },
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
            description: 'Place in the requested list, from 1; null: not ranked.',
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
    description: 'Entries, a place, or the entry with the percentile.',
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
