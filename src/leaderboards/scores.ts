import { toInt64 } from '../http/int64.js'
import type { BoardConfig, Column, Score } from './config.js'

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

/** Of an entry: one score of a board with one column, or several in the order of its columns. */
export interface SubmittedScores {
  readonly score?: Score | undefined
  readonly scores?: readonly Score[] | undefined
}

const SCORE_RULES = {
  number:
    'must be a finite number; beyond 2^53 a string, with an integer that a double holds: others need a column of type int64',
  int64: 'must be an integer of 64 bits; beyond 2^53 as a string',
} as const

/** Decimal text of every column. One column is `score`, several are `scores`. */
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
