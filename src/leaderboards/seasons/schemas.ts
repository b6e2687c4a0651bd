import Type from 'typebox'
import { ObjectName } from '../../http/names.js'
import { closed, SeasonId, Total } from '../schemas.js'

export const MemberRequest = Type.Object(
  { member: ObjectName },
  { ...closed, examples: [{ member: 'ada' }] },
)

export const Changed = Type.Object(
  { changed: Type.Boolean({ description: 'False: nothing changed.' }) },
  { description: 'The member is hidden, or ranked again.', examples: [{ changed: true }] },
)

export const ClosingResponse = Type.Object(
  { season: SeasonId, changed: Type.Boolean() },
  {
    description: 'The present season is closed, or open again.',
    examples: [{ season: '20261116T000000Z', changed: true }],
  },
)

export const SeasonsResponse = Type.Object(
  {
    seasons: Type.Array(
      Type.Object({
        id: SeasonId,
        endsAt: Type.Union([Type.String(), Type.Null()], {
          description: 'RFC 3339, in UTC; null: never.',
        }),
        ended: Type.Boolean(),
        total: Total,
      }),
    ),
  },
  {
    description: 'Seasons that have entries, the oldest first.',
    examples: [
      {
        seasons: [
          { id: '20261116T000000Z', endsAt: '2026-11-23T00:00:00.000Z', ended: false, total: 2 },
        ],
      },
    ],
  },
)
