import { toInt64 } from '../http/int64.js'
import type { BoardConfig, Column, Score } from './config.js'

/**
 * The score as decimal text, or undefined if the column cannot hold it: a JSON number beyond 2^53 may
 * have lost digits, integer text must be exact in a double, and an int64 has 63 bits and a sign.
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

/** Whether an integer may have been rounded by a JSON parser. */
export const isBeyondExact = (value: number): boolean =>
  Number.isInteger(value) && !Number.isSafeInteger(value)

const INTEGER = /^-?\d+$/
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** The scores of an answer: numbers, or text for an int64. */
export const toScores = ({ columns }: BoardConfig, text: string): Score[] =>
  text.split(' ').map((part, at) => (columns[at]?.type === 'int64' ? part : Number(part)))

/** `score` for a board with one column, `scores` in the order of its columns for several. */
export interface SubmittedScores {
  readonly score?: Score | undefined
  readonly scores?: readonly Score[] | undefined
}

const SCORE_RULES = {
  number:
    'must be a finite number; beyond 2^53 as a string, if it is exact in a double: other integers need a column of type int64',
  int64: 'must be an integer of 64 bits; beyond 2^53 as a string',
} as const

/** The decimal text of every column, or the fault of an entry. */
export function toScoreTexts(
  { columns }: BoardConfig,
  { score, scores }: SubmittedScores,
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
