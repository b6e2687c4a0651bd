import type { Static } from 'typebox'
import type { BoardConfig, Score } from './config.js'
import type { LeaderboardEntry, MemberStanding } from './entries/schemas.js'
import type { ListedReply, MemberReply } from './entries/scripts.js'
import { scoreText, toScores } from './scores.js'
import type { ScoreResult } from './submissions/schemas.js'
import type { SubmittedReply } from './submissions/scripts.js'
import type { SubmittedPart } from './submissions/store.js'

/** 100 * (worse + equal / 2) / total; the member is one of the equal. */
const percentileOf = ({ lower, upper }: { lower: number; upper: number }, total: number): number =>
  (100 * (total - upper + (upper - lower) / 2)) / total

type Listed = Static<typeof LeaderboardEntry>

/** `score` for a board with one column, `scores` for several. */
export function toListedEntry(config: BoardConfig, entry: ListedReply): Listed {
  const { member, rank, position, metadata } = entry
  const scores = toScores(config, entry.scores)
  const listed: Listed =
    scores.length === 1 ? { member, score: scores[0] as Score } : { member, scores }
  // 0: not ranked.
  if (position > 0) {
    listed.rank = rank
    listed.position = position
  }
  if (metadata !== '') listed.metadata = JSON.parse(metadata)
  return listed
}

type Standing = Omit<Static<typeof MemberStanding>, 'total' | 'seasonId'>

export function toStanding(config: BoardConfig, member: string, entry: MemberReply): Standing {
  const standing: Standing = toListedEntry(config, { member, ...entry })
  if (entry.found === 'hidden') {
    standing.hidden = true
    return standing
  }
  standing.percentile = percentileOf(entry, entry.total)
  const tier = tierOf(config, entry)
  if (tier !== undefined) standing.tier = tier
  return standing
}

/** The first tier that fits; a tier without a condition fits every ranked member. */
function tierOf(config: BoardConfig, entry: MemberReply): string | undefined {
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

type Result = Static<typeof ScoreResult>

/** One result per entry of a call, in order. */
export function toResults(parts: readonly SubmittedPart[]): Result[] {
  return parts.flatMap(({ entries, reply }) =>
    entries.map(({ member }, at): Result => {
      if (reply.kind === 'submitted') return toResult(reply, at, member)
      return toRefused(member, reply.kind)
    }),
  )
}

/** The error of each entry when a call, or a part of it, is refused. */
const REFUSALS = {
  refused: 'invalid-request',
  closed: 'season-closed',
  conflict: 'idempotency-conflict',
  'fence-outdated': 'fence-outdated',
} as const

export const toRefused = (member: string, kind: keyof typeof REFUSALS): Result => ({
  member,
  changed: false,
  personalBest: false,
  error: REFUSALS[kind],
})

type Submitted = Extract<SubmittedPart['reply'], { kind: 'submitted' }>

function toResult({ config, entries, total, season }: Submitted, at: number, member: string) {
  const entry = entries[at] as SubmittedReply
  const { kind, scores, rank, previousRank, position } = entry
  const result: Result = {
    member,
    changed: kind === 'changed',
    personalBest: entry.better,
    total,
    seasonId: season,
  }
  // 0: not ranked.
  if (previousRank > 0) result.previousRank = previousRank
  if (position > 0) {
    result.rank = rank
    result.position = position
    result.percentile = percentileOf(entry, total)
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
