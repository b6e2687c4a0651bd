import type { Static } from 'typebox'
import { type Score, toScores } from '../config.js'
import { orNull, percentileOf } from '../entries/answer.js'
import type { Result } from './schemas.js'
import type { SubmittedReply } from './scripts.js'
import type { SubmittedPart } from './store.js'

/** One result for every entry of a call, in their order. */
export function toResults(parts: readonly SubmittedPart[]): Static<typeof Result>[] {
  return parts.flatMap(({ entries, reply }) =>
    entries.map((entry, at): Static<typeof Result> => {
      if (reply.kind === 'submitted') return toResult(reply, at, entry.member)
      return { member: entry.member, ...NOTHING, error: REFUSALS[reply.kind] }
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
