import Type from 'typebox'
import { ObjectName, ResourceName } from '../http/names.js'

export const closed = { additionalProperties: false } as const

/** A sorted set of Redis holds no more. */
export const MAX_MEMBERS = 2 ** 32 - 1

export const Score = Type.Union(
  [
    Type.Number({ title: 'ScoreNumber', description: 'A score as a number.' }),
    Type.String({ title: 'ScoreText', maxLength: 32, description: 'A score as decimal text.' }),
  ],
  {
    title: 'Score',
    description:
      'The value of one column. Answered as a number for a column of type number, as decimal text for an int64; accepted as either, beyond 2^53 as text.',
  },
)

const OPS = ['best', 'set', 'incr', 'min', 'max'] as const

export const Op = (own: { readonly default?: 'best'; readonly description?: string } = {}) =>
  Type.Enum([...OPS], {
    title: 'ScoreOperation',
    description: 'How a submission changes the stored score; best compares all columns as one.',
    ...own,
  })

export const Member = Type.String({ description: 'Name of the member.' })

export const Total = Type.Integer({
  minimum: 0,
  maximum: MAX_MEMBERS,
  description: 'Ranked members of the season.',
})

export const SeasonId = Type.String({
  pattern: '^(all|\\d{8}T\\d{6}Z)$',
  description: 'Start of the season in UTC, such as `20261116T000000Z`; `all` without seasons.',
})

export const Instant = (description: string) =>
  Type.String({ format: 'date-time', description: `${description} RFC 3339, in UTC.` })

export const BoardParams = Type.Object({ board: ResourceName })
export const EntryParams = Type.Object({ board: ResourceName, member: ObjectName })
