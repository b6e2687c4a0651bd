import Type from 'typebox'
import { ETagHeader } from '../../http/etag.js'
import { ResourceName } from '../../http/names.js'
import { PageOf } from '../../http/pages.js'
import { Instant, SeasonId, Total } from '../schemas.js'
import { LeaderboardSettings } from './settings-schemas.js'

const CurrentSeason = Type.Object(
  {
    id: SeasonId,
    endsAt: Type.Optional(Instant('End of the season, when the next begins; absent: never.')),
    closed: Type.Boolean({ description: 'Submissions are refused until the next season begins.' }),
    total: Total,
  },
  { title: 'CurrentSeason', description: 'The season to which submissions go now.' },
)

export const Leaderboard = Type.Object(
  {
    name: ResourceName,
    ...LeaderboardSettings.properties,
    version: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Of the settings: grows with every change; the ETag is made of it.',
    }),
    source: Type.Enum(['api', 'template'], {
      title: 'LeaderboardSource',
      description:
        'api: the settings were set by PUT or PATCH. template: a first submission created the board, with the template for its name or the defaults.',
    }),
    currentSeason: CurrentSeason,
  },
  {
    title: 'Leaderboard',
    headers: ETagHeader,
    description: 'A board: all its settings, and its current season.',
    examples: [
      {
        name: 'weekly',
        columns: [{ name: 'score', order: 'desc', type: 'number' }],
        op: 'best',
        ties: 'first',
        ranking: 'competition',
        season: { every: 'weekly', timeZone: 'UTC', keep: 4 },
        version: 1_795_223_400_123_456,
        source: 'api',
        currentSeason: {
          id: '20261116T000000Z',
          endsAt: '2026-11-23T00:00:00.000Z',
          closed: false,
          total: 2,
        },
      },
    ],
  },
)

export const LeaderboardList = PageOf(
  Type.Object(
    { name: ResourceName },
    { title: 'LeaderboardName', description: 'A board of the namespace.' },
  ),
  {
    title: 'LeaderboardList',
    description: 'Boards of the namespace by name.',
    examples: [{ items: [{ name: 'weekly' }], nextCursor: 'd2Vla2x5' }],
  },
)
