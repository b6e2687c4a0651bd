import type { Static } from 'typebox'
import { type BoardConfig, type Score, scoreText, toScores } from './config.js'
import type { ListedReply, MemberReply } from './entry-scripts.js'
import type { Cursor } from './ranges.js'
import type { Result } from './submission-schemas.js'
import type { SubmittedPart } from './submission-store.js'
import type { SubmittedReply } from './submit-script.js'

/** `score` of a board with one column, `scores` of one with several; nothing for no entry. */
export function scoreFields(config: BoardConfig, text: string) {
  if (text === '') return {}
  const scores = toScores(config, text)
  return config.columns.length === 1 ? { score: scores[0] as Score } : { scores }
}

interface Standing {
  readonly position: number
  readonly lower: number
  readonly upper: number
}

/** 100 * (worse + equal / 2) / total, the member being one of the equal; null for the unranked. */
export function percentileOf({ position, lower, upper }: Standing, total: number): number | null {
  if (position === 0) return null
  return (100 * (total - upper + (upper - lower) / 2)) / total
}

const orNull = (place: number): number | null => (place === 0 ? null : place)

/** One result for every entry of a call, in their order. */
export function toResults(parts: readonly SubmittedPart[]): Static<typeof Result>[] {
  return parts.flatMap(({ entries, reply }) =>
    entries.map((entry, at): Static<typeof Result> => {
      if (reply.outcome === 'submitted') return toResult(reply, at, entry.member)
      return { member: entry.member, ...NOTHING, error: REFUSALS[reply.outcome] }
    }),
  )
}

/** Why the entries of a call, or of a part of it, were refused. */
export const REFUSALS = {
  refused: 'invalid-request',
  closed: 'season-closed',
  conflict: 'idempotency-conflict',
} as const

const NOTHING = { changed: false, personalBest: false }

type Submitted = Extract<SubmittedPart['reply'], { outcome: 'submitted' }>

function toResult({ config, entries, total, season }: Submitted, at: number, member: string) {
  const entry = entries[at] as SubmittedReply
  const { outcome, scores } = entry
  const result: Static<typeof Result> = {
    member,
    changed: outcome === 'changed',
    personalBest: entry.better,
    rank: orNull(entry.rank),
    previousRank: orNull(entry.previousRank),
    position: orNull(entry.position),
    total,
    percentile: percentileOf(entry, total),
    season,
  }
  if (scores !== '') {
    const values = toScores(config, scores)
    if (values.length === 1) result.score = values[0] as Score
    else result.scores = values
  }
  if (outcome === 'out-of-range' || outcome === 'stale-sequence') result.error = outcome
  else if (scores === '') result.dropped = true
  return result
}

export const toListedEntry = (config: BoardConfig, entry: ListedReply) => ({
  member: entry.member,
  ...scoreFields(config, entry.scores),
  rank: orNull(entry.rank),
  position: orNull(entry.position),
  ...(entry.metadata !== '' && { metadata: JSON.parse(entry.metadata) as unknown }),
})

export function toEntry(config: BoardConfig, member: string, entry: MemberReply) {
  const tier = tierOf(config, entry)
  return {
    ...toListedEntry(config, { member, ...entry }),
    percentile: percentileOf(entry, entry.total),
    ...(tier !== undefined && { tier }),
    ...(entry.found === 'hidden' && { hidden: true }),
  }
}

/** The first tier that fits; a tier without a condition fits everybody who is ranked. */
function tierOf(config: BoardConfig, entry: MemberReply): string | undefined {
  if (entry.position === 0) return undefined
  return config.tiers?.find(
    ({ top, topPercent, minScore }) =>
      (top === undefined || entry.rank <= top) &&
      (topPercent === undefined || (100 * entry.position) / entry.total <= topPercent) &&
      (minScore === undefined || isAsGood(config, entry.scores, minScore)),
  )?.name
}

function isAsGood({ columns }: BoardConfig, scores: string, wanted: Score): boolean {
  const column = columns[0]!
  const text = scoreText(column, wanted) as string
  const [own, other] =
    column.type === 'int64'
      ? [BigInt(scores.split(' ', 1)[0] as string), BigInt(text)]
      : [Number(scores.split(' ', 1)[0]), Number(text)]
  return column.order === 'desc' ? own >= other : own <= other
}

export const toCursor = ({ scores, sequence, member, season, created }: Cursor): string =>
  Buffer.from(JSON.stringify([scores, sequence, member, season, created])).toString('base64url')

const SEASON = /^(all|\d{8}T\d{6}Z)$/
const SCORES = /^-?[\d.]+(e[+-]?\d+)?( -?[\d.]+(e[+-]?\d+)?)*$/

type Parts = [string, string, string, string, string]

/** Undefined for text that no page of a board with this many columns has given. */
export function fromCursor(text: string): Cursor | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (!Array.isArray(parts) || parts.length !== 5) return undefined
    if (!parts.every((part): part is string => typeof part === 'string')) return undefined
    const [scores, sequence, member, season, created] = parts as Parts
    if (!SCORES.test(scores) || !/^\d{1,15}$/.test(sequence) || !SEASON.test(season)) {
      return undefined
    }
    return { scores, sequence, member, season, created }
  } catch {
    return undefined
  }
}
