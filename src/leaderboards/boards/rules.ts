import { isTimeZone } from '../../calendar/zone.js'
import { escapePointer } from '../../schema/faults.js'
import type { BoardConfig, Column, Score } from '../config.js'
import { scoreText } from '../scores.js'
import { windowsAround } from '../seasons/windows.js'

export interface BoardFault {
  /** A path in the configuration: `columns/1/name`. */
  readonly field: string
  readonly message: string
}

/** The first broken rule that the schema of a board cannot express. */
export function boardFault(config: BoardConfig): BoardFault | undefined {
  return columnFault(config) ?? boundsFault(config) ?? seasonFault(config) ?? tierFault(config)
}

function columnFault({ columns, op, maxMembers }: BoardConfig): BoardFault | undefined {
  const names = columns.map(({ name }) => name)
  const twice = names.findIndex((name, at) => names.indexOf(name) !== at)
  if (twice >= 0) return { field: `columns/${twice}/name`, message: 'must be unique' }
  const own = columns.filter((column) => column.op)
  if (own.length > 0 && own.length < columns.length && op === 'best') {
    return { field: 'columns', message: 'must all have an op, or none: best compares them as one' }
  }
  const sums = op === 'incr' || own.some((column) => column.op === 'incr')
  // A dropped member would return with the last increment as its score.
  if (maxMembers && sums) return { field: 'maxMembers', message: 'is not for incr' }
  return undefined
}

function boundsFault({ columns, bounds = {} }: BoardConfig): BoardFault | undefined {
  for (const [name, { min, max }] of Object.entries(bounds)) {
    const place = `bounds/${escapePointer(name)}`
    const column = columns.find((candidate) => candidate.name === name)
    if (!column) return { field: place, message: 'is not a column' }
    const message = `must be a ${column.type}`
    if (!isScore(column, min)) return { field: `${place}/min`, message }
    if (!isScore(column, max)) return { field: `${place}/max`, message }
    if (min !== undefined && max !== undefined && isBelow(column, max, min)) {
      return { field: `${place}/max`, message: 'must not be below min' }
    }
  }
  return undefined
}

const isBelow = ({ type }: Column, left: Score, right: Score): boolean =>
  type === 'int64' ? BigInt(left) < BigInt(right) : Number(left) < Number(right)

const isScore = (column: Column, score: Score | undefined): boolean =>
  score === undefined || scoreText(column, score) !== undefined

function seasonFault({ season }: BoardConfig): BoardFault | undefined {
  const { every, timeZone } = season
  if (!isTimeZone(timeZone))
    return { field: 'season/timeZone', message: 'must be an IANA time zone' }
  if (typeof every === 'string') return undefined
  try {
    windowsAround(season, Date.now())
    return undefined
  } catch {
    return { field: 'season/every/cron', message: 'must be five crontab fields that recur' }
  }
}

function tierFault({ columns, tiers = [] }: BoardConfig): BoardFault | undefined {
  const at = tiers.findIndex(({ minScore }) => !isScore(columns[0] as Column, minScore))
  if (at >= 0) return { field: `tiers/${at}/minScore`, message: `must be a ${columns[0]?.type}` }
  return undefined
}
