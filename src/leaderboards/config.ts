export type Op = 'best' | 'set' | 'incr' | 'min' | 'max'
export type RankStyle = 'competition' | 'dense' | 'ordinal' | 'modified'
export type ColumnOp = Exclude<Op, 'best'>

export interface Column {
  readonly name: string
  readonly order: 'desc' | 'asc'
  readonly type: 'number' | 'int64'
  readonly op?: ColumnOp | undefined
}

/** A number where the column is a `number`, decimal text where it is an `int64`. */
export type Score = number | string

export interface Season {
  readonly every: 'none' | 'daily' | 'weekly' | 'monthly' | { readonly cron: string }
  /** IANA name. */
  readonly timeZone: string
  /** Ended seasons that stay readable. */
  readonly keep: number
}

export interface Tier {
  readonly name: string
  readonly top?: number | undefined
  readonly topPercent?: number | undefined
  readonly minScore?: Score | undefined
}

export interface BoardConfig {
  readonly columns: readonly Column[]
  readonly op: Op
  readonly ties: 'first' | 'last' | 'id'
  readonly rank: RankStyle
  readonly season: Season
  readonly maxMembers?: number | undefined
  /** By name of the column; a bound belongs to the allowed scores. */
  readonly bounds?: Readonly<Record<string, Bounds>> | undefined
  readonly memberTtlMs?: number | undefined
  /** What nothing is submitted to for so long goes by itself. */
  readonly ttlMs?: number | undefined
  readonly tiers?: readonly Tier[] | undefined
}

export interface Bounds {
  readonly min?: Score | undefined
  readonly max?: Score | undefined
}

export const DEFAULT_BOARD: BoardConfig = {
  columns: [{ name: 'score', order: 'desc', type: 'number' }],
  op: 'best',
  ties: 'first',
  rank: 'competition',
  season: { every: 'none', timeZone: 'UTC', keep: 4 },
}

/** What the scripts read of a configuration; see scripts/lib/board.lua. */
export function planOf(config: BoardConfig, version: string): string {
  const columns = config.columns.map(columnCode).join('')
  const { ties, rank, maxMembers = 0, memberTtlMs = 0, ttlMs = 0 } = config
  return `${version} ${columns} ${ties} ${rank} ${maxMembers} ${memberTtlMs} ${ttlMs}`
}

const columnCode = ({ type, order }: Column): string =>
  `${type === 'int64' ? 'i' : 'n'}${order === 'desc' ? 'd' : 'a'}`

/** "min max" of every column, '-' for none. */
export function boundsText({ columns, bounds = {} }: BoardConfig): string {
  return columns
    .map(({ name }) => `${bounds[name]?.min ?? '-'} ${bounds[name]?.max ?? '-'}`)
    .join(' ')
}
