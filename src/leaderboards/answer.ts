import type { Static } from 'typebox'
import type { BoardConfig, Score } from './config.js'
import type { EntryResponse, Listed as ListedEntry } from './entries/schemas.js'
import type { ListedReply, MemberReply } from './entries/scripts.js'
import { scoreText, toScores } from './scores.js'
import type { Result } from './submissions/schemas.js'
import type { SubmittedReply } from './submissions/scripts.js'
import type { SubmittedPart } from './submissions/store.js'

interface Standing {
  readonly position: number
  readonly lower: number
  readonly upper: number
}

/** 100 * (worse + equal / 2) / total; the member is one of the equal. null: not ranked. */
function percentileOf({ position, lower, upper }: Standing, total: number): number | null {
  if (position === 0) return null
  return (100 * (total - upper + (upper - lower) / 2)) / total
}

/** null: not ranked. */
const orNull = (place: number): number | null => (place === 0 ? null : place)

type Listed = Static<typeof ListedEntry>

/** `score` for a board with one column, `scores` for several. */
export function toListedEntry(config: BoardConfig, entry: ListedReply): Listed {
  const { member, metadata } = entry
  const rank = orNull(entry.rank)
  const position = orNull(entry.position)
  const scores = toScores(config, entry.scores)
  const listed: Listed =
    scores.length === 1
      ? { member, score: scores[0] as Score, rank, position }
      : { member, scores, rank, position }
  if (metadata !== '') listed.metadata = JSON.parse(metadata)
  return listed
}

type Entry = Omit<Static<typeof EntryResponse>, 'total' | 'season'>

export function toEntry(config: BoardConfig, member: string, entry: MemberReply): Entry {
  const listed = toListedEntry(config, { member, ...entry })
  const answer: Entry = Object.assign(listed, { percentile: percentileOf(entry, entry.total) })
  const tier = tierOf(config, entry)
  if (tier !== undefined) answer.tier = tier
  if (entry.found === 'hidden') answer.hidden = true
  return answer
}

/** The first tier that fits; a tier without a condition fits every ranked member. */
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

/** One result per entry of a call, in order. */
export function toResults(parts: readonly SubmittedPart[]): Static<typeof Result>[] {
  return parts.flatMap(({ entries, reply }) =>
    entries.map((entry, at): Static<typeof Result> => {
      if (reply.kind === 'submitted') return toResult(reply, at, entry.member)
      return { member: entry.member, ...NOTHING, error: REFUSALS[reply.kind] }
    }),
  )
}

/** The error of each entry when a call, or a part of it, is refused. */
export const REFUSALS = {
  refused: 'invalid-request',
  closed: 'season-closed',
  conflict: 'idempotency-conflict',
} as const

const NOTHING = { changed: false, personalBest: false }

type Submitted = Extract<SubmittedPart['reply'], { kind: 'submitted' }>

function toResult({ config, entries, total, season }: Submitted, at: number, member: string) {
  const entry = entries[at] as SubmittedReply
  const { kind, scores } = entry
  const result: Static<typeof Result> = {
    member,
    changed: kind === 'changed',
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
  if (kind === 'out-of-range' || kind === 'stale-sequence') result.error = kind
  else if (scores === '') result.dropped = true
  return result
}
