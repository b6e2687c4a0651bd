import type { Static } from 'typebox'
import type { LeaderboardSettings } from './boards/settings-schemas.js'

/** The configuration of a board. */
export type BoardConfig = Readonly<Static<typeof LeaderboardSettings>>
export type Column = BoardConfig['columns'][number]
export type Season = BoardConfig['season']
export type Op = BoardConfig['op']

/** A number for a column of type `number`, decimal text for an `int64`. */
export type Score = number | string

export const DEFAULT_BOARD: BoardConfig = {
  columns: [{ name: 'score', order: 'desc', type: 'number' }],
  op: 'best',
  ties: 'first',
  ranking: 'competition',
  season: { every: 'none', timeZone: 'UTC', keep: 4 },
}

/** What the scripts read of a configuration; see scripts/lib/board.lua. */
export function planOf(config: BoardConfig, version: string): string {
  const columns = config.columns.map(columnCode).join('')
  const { ties, ranking, maxMembers = 0, memberTtlMs = 0, ttlMs = 0 } = config
  return `${version} ${columns} ${ties} ${ranking} ${maxMembers} ${memberTtlMs} ${ttlMs}`
}

const columnCode = ({ type, order }: Column): string =>
  `${type === 'int64' ? 'i' : 'n'}${order === 'desc' ? 'd' : 'a'}`

/** "min max" of every column, '-' for none. */
export function boundsText({ columns, bounds = {} }: BoardConfig): string {
  return columns
    .map(({ name }) => `${bounds[name]?.min ?? '-'} ${bounds[name]?.max ?? '-'}`)
    .join(' ')
}
