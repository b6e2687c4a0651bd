import { toInt64 } from '../http/int64.js'

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

/** The operations of an entry as the script reads them: `best`, or one for every column. */
export function opsText({ columns, op }: BoardConfig, entryOp: Op | undefined): string {
  if (entryOp === 'best') return 'best'
  if (entryOp) return columns.map(() => entryOp).join(' ')
  if (columns.some((column) => column.op)) {
    return columns.map((column) => column.op ?? op).join(' ')
  }
  return op === 'best' ? 'best' : columns.map(() => op).join(' ')
}

/**
 * The score as decimal text for a column, or undefined where it is none: a JSON number beyond 2^53
 * may have lost digits on its way, an integer in text must be one that a double holds, an int64
 * beyond 63 bits does not exist.
 */
export function scoreText({ type }: Column, score: Score): string | undefined {
  if (type === 'int64') return toInt64(score)?.toString()
  if (typeof score === 'number' && isBeyondExact(score)) return undefined
  if (typeof score === 'string' && !NUMBER.test(score)) return undefined
  const value = Number(score)
  if (!Number.isFinite(value)) return undefined
  if (typeof score === 'string' && INTEGER.test(score) && BigInt(score) !== BigInt(value)) {
    return undefined
  }
  return `${value === 0 ? 0 : value}`
}

/** An integer that may have been another one before it was parsed. */
export const isBeyondExact = (value: number): boolean =>
  Number.isInteger(value) && !Number.isSafeInteger(value)

const INTEGER = /^-?\d+$/
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** The scores of an entry as they are answered: numbers, or text for an int64. */
export const toScores = ({ columns }: BoardConfig, text: string): Score[] =>
  text.split(' ').map((part, at) => (columns[at]?.type === 'int64' ? part : Number(part)))
