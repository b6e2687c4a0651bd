import { isTimeZone } from '../../calendar/zone.js'
import { invalid, type Problem } from '../../http/problem.js'
import { type BoardConfig, type Column, type Score, scoreText } from '../config.js'
import { windowsAround } from '../seasons/windows.js'

/** What a schema cannot say about a configuration. */
export function boardProblem(config: BoardConfig): Problem | undefined {
  return (
    columnProblem(config) ?? boundsProblem(config) ?? seasonProblem(config) ?? tierProblem(config)
  )
}

function columnProblem({ columns, op, maxMembers }: BoardConfig): Problem | undefined {
  const names = columns.map(({ name }) => name)
  const twice = names.findIndex((name, at) => names.indexOf(name) !== at)
  if (twice >= 0) return invalid(`body/columns/${twice}/name`, 'must be unique')
  const own = columns.filter((column) => column.op)
  if (own.length > 0 && own.length < columns.length && op === 'best') {
    return invalid('body/columns', 'must all have an op, or none: best compares them as one')
  }
  const sums = op === 'incr' || own.some((column) => column.op === 'incr')
  // A member that fell out would come back with the increment alone.
  if (maxMembers && sums) return invalid('body/maxMembers', 'does not go together with incr')
  return undefined
}

function boundsProblem({ columns, bounds = {} }: BoardConfig): Problem | undefined {
  for (const [name, { min, max }] of Object.entries(bounds)) {
    const column = columns.find((candidate) => candidate.name === name)
    if (!column) return invalid(`body/bounds/${name}`, 'is not a column')
    if (!isScore(column, min)) return invalid(`body/bounds/${name}/min`, `must be a ${column.type}`)
    if (!isScore(column, max)) return invalid(`body/bounds/${name}/max`, `must be a ${column.type}`)
    if (min !== undefined && max !== undefined && isBelow(column, max, min)) {
      return invalid(`body/bounds/${name}/max`, 'must not be below min')
    }
  }
  return undefined
}

const isBelow = ({ type }: Column, left: Score, right: Score): boolean =>
  type === 'int64' ? BigInt(left) < BigInt(right) : Number(left) < Number(right)

const isScore = (column: Column, score: Score | undefined): boolean =>
  score === undefined || scoreText(column, score) !== undefined

function seasonProblem({ season }: BoardConfig): Problem | undefined {
  const { every, timeZone } = season
  if (!isTimeZone(timeZone)) return invalid('body/season/timeZone', 'must be an IANA time zone')
  if (typeof every === 'string') return undefined
  try {
    windowsAround(season, Date.now())
    return undefined
  } catch {}
  return invalid('body/season/every/cron', 'must be five crontab fields that occur again and again')
}

function tierProblem({ columns, tiers = [] }: BoardConfig): Problem | undefined {
  const at = tiers.findIndex(({ minScore }) => !isScore(columns[0] as Column, minScore))
  if (at >= 0) return invalid(`body/tiers/${at}/minScore`, `must be a ${columns[0]?.type}`)
  return undefined
}
