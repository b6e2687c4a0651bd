import { defineScript } from '../redis/script.js'
import { decodeBoard, scriptFile } from './script-replies.js'

export interface SubmittedReply {
  readonly outcome: 'unchanged' | 'changed' | 'out-of-range' | 'stale-sequence'
  readonly better: boolean
  readonly previousRank: number
  readonly rank: number
  readonly position: number
  readonly lower: number
  readonly upper: number
  readonly scores: string
}

export type SubmitReply =
  | {
      readonly outcome: 'submitted'
      readonly season: string
      readonly total: number
      readonly replayed: boolean
      readonly entries: readonly SubmittedReply[]
    }
  | { readonly outcome: 'closed' | 'conflict' }

const ENTRY_OUTCOMES = ['unchanged', 'changed', 'out-of-range', 'stale-sequence'] as const

export const submitScript = defineScript({
  name: 'leaderboards.submit',
  file: scriptFile('submit'),
  keys: ['board', 'memo?'],
  args: [
    'plan',
    'windows',
    'bounds',
    'keep',
    'create',
    'identity',
    'new_version',
    'fingerprint',
    'memo_ttl_ms',
    'entries[].member',
    'entries[].ops',
    'entries[].if_seq',
    'entries[].metadata',
    'entries[].scores',
  ],
  units: ({ entries }) => 3 * entries.length,
  decode: decodeBoard((rest, status): SubmitReply => {
    if (status !== 1) return { outcome: status === 2 ? 'closed' : 'conflict' }
    const [season, total, replayed, ...fields] = rest
    const entries: SubmittedReply[] = []
    for (let at = 0; at < fields.length; at += 8) {
      entries.push({
        outcome: ENTRY_OUTCOMES[Number(fields[at])] as SubmittedReply['outcome'],
        better: fields[at + 1] === 1,
        previousRank: Number(fields[at + 2]),
        rank: Number(fields[at + 3]),
        position: Number(fields[at + 4]),
        lower: Number(fields[at + 5]),
        upper: Number(fields[at + 6]),
        scores: String(fields[at + 7]),
      })
    }
    return {
      outcome: 'submitted',
      season: String(season),
      total: Number(total),
      replayed: replayed === 1,
      entries,
    }
  }),
})
