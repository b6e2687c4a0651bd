import Type from 'typebox'
import { ObjectName } from '../../http/names.js'
import { closed, Instant, SeasonId, Total } from '../schemas.js'

export const HideMemberRequest = Type.Object(
  { member: ObjectName },
  { ...closed, title: 'HideMemberRequest', examples: [{ member: 'ada' }] },
)

export const MemberVisibility = Type.Object(
  { changed: Type.Boolean({ description: 'False: it was so before.' }) },
  {
    title: 'MemberVisibility',
    description: 'The member is hidden, or ranked again.',
    examples: [{ changed: true }],
  },
)

export const SeasonClosure = Type.Object(
  { seasonId: SeasonId, changed: Type.Boolean({ description: 'False: it was so before.' }) },
  {
    title: 'SeasonClosure',
    description: 'The current season is closed, or open again.',
    examples: [{ seasonId: '20261116T000000Z', changed: true }],
  },
)

const Season = Type.Object(
  {
    id: SeasonId,
    endsAt: Type.Optional(Instant('End of the season; absent: never.')),
    ended: Type.Boolean({ description: 'True: its standings are final.' }),
    total: Total,
  },
  { title: 'LeaderboardSeason', description: 'A season that has entries.' },
)

export const LeaderboardSeasonList = Type.Object(
  { items: Type.Array(Season, { description: 'The oldest first; at most 101.' }) },
  {
    title: 'LeaderboardSeasonList',
    description: 'Seasons that have entries, the oldest first.',
    examples: [
      {
        items: [
          { id: '20261116T000000Z', endsAt: '2026-11-23T00:00:00.000Z', ended: false, total: 2 },
        ],
      },
    ],
  },
)
