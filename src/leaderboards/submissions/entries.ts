import { type BoardConfig, type Op, opsText, type Score, scoreText } from '../config.js'

export interface Submission {
  readonly member: string
  /** One column. */
  readonly score?: Score | undefined
  /** Several columns, in their order. */
  readonly scores?: readonly Score[] | undefined
  readonly op?: Op | undefined
  /** Serialized JSON. */
  readonly metadata?: string | undefined
  readonly ifSeq?: number | undefined
}

/** What of an entry does not fit the board: its place in the call, the field, and why. */
export interface EntryProblem {
  readonly at: number
  readonly field: string
  readonly message: string
}

/** An entry as the script reads it. */
export interface ScriptEntry {
  readonly member: string
  readonly ops: string
  readonly if_seq: string | number
  readonly metadata: string
  readonly scores: string
}

const SCORE_RULES = {
  number:
    'must be a finite number; beyond 2^53 a string, with an integer that a double holds: others need a column of type int64',
  int64: 'must be an integer of 64 bits; beyond 2^53 as a string',
} as const

/** The entries of a call as the script reads them, or the first that does not fit the board. */
export function toScriptEntries(
  config: BoardConfig,
  entries: readonly Submission[],
): ScriptEntry[] | EntryProblem {
  const ready: ScriptEntry[] = []
  for (const [at, entry] of entries.entries()) {
    const scores = toScoreTexts(config, entry)
    if (!Array.isArray(scores)) return { at, ...scores }
    const refused = refusedOp(config, entry.op)
    if (refused) return { at, field: 'op', message: refused }
    ready.push({
      member: entry.member,
      ops: opsText(config, entry.op),
      if_seq: entry.ifSeq ?? '',
      metadata: entry.metadata ?? '',
      scores: scores.join(' '),
    })
  }
  return ready
}

function refusedOp(config: BoardConfig, op: Op | undefined): string | undefined {
  // A member that fell out would come back with the increment alone.
  if (op === 'incr' && config.maxMembers) return 'must not be incr on a board with maxMembers'
  if (op === 'best' && config.columns.some((column) => column.op)) {
    return 'must not be best on a board whose columns have operations of their own'
  }
  return undefined
}

/** Decimal text of every column. One column is `score`, several are `scores`. */
export function toScoreTexts(
  { columns }: BoardConfig,
  { score, scores }: Pick<Submission, 'score' | 'scores'>,
): string[] | { field: string; message: string } {
  if (columns.length === 1) {
    if (scores) return { field: 'scores', message: 'must be score: the board has one column' }
  } else if (scores?.length !== columns.length || score !== undefined) {
    return { field: 'scores', message: `must be ${columns.length} scores, one for every column` }
  }
  const texts: string[] = []
  for (const [at, column] of columns.entries()) {
    const text = scoreText(column, (scores ? scores[at] : score) as Score)
    const field = scores ? `scores/${at}` : 'score'
    if (text === undefined) return { field, message: SCORE_RULES[column.type] }
    texts.push(text)
  }
  return texts
}
