import { MAX_UNITS } from '../../redis/lane.js'
import { integer, wordOf } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { columnsOf, decodeBoard } from '../script-replies.js'

const ENTRY_OUTCOMES = ['unchanged', 'changed', 'out-of-range', 'stale-sequence'] as const

export interface SubmittedReply {
  readonly kind: (typeof ENTRY_OUTCOMES)[number]
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
      readonly kind: 'submitted'
      readonly season: string
      readonly total: number
      readonly replayed: boolean
      readonly entries: readonly SubmittedReply[]
    }
  | { readonly kind: 'closed' | 'conflict' }
  /** `highest`: the fence that outdates the one of the call. */
  | { readonly kind: 'fence-outdated'; readonly highest: number }

const BASE_UNITS = 8
const unitsPerEntry = (columns: number): number => 3 + columns / 2

/** Entries that one call may apply, so that it fits into a batch. */
export const entriesPerCall = (columns: number): number =>
  Math.floor((MAX_UNITS - BASE_UNITS) / unitsPerEntry(columns))

export const submitScript = defineScript({
  name: 'leaderboards.submit',
  file: new URL('../scripts/submit.lua', import.meta.url),
  keys: ['board', 'record?', 'fences?'],
  args: [
    'plan',
    'windows',
    'bounds',
    'keep',
    'create',
    'new_version',
    'fingerprint',
    'record_ttl_ms',
    'fence?',
    'entries[].member',
    'entries[].ops',
    'entries[].if_seq',
    'entries[].metadata',
    'entries[].scores',
  ],
  units: ({ plan, entries }) => BASE_UNITS + entries.length * unitsPerEntry(columnsOf(plan)),
  outcomes: [
    'submitted',
    'stale-version',
    'stale-season',
    'no-board',
    'untidy',
    'closed',
    'conflict',
    'fence-outdated',
  ],
  decode: decodeBoard((reply, outcome: SubmitReply['kind']): SubmitReply => {
    if (outcome === 'fence-outdated') return { kind: outcome, highest: integer(reply[1]) }
    if (outcome !== 'submitted') return { kind: outcome }
    const entries: SubmittedReply[] = []
    for (let at = 4; at < reply.length; at += 8) {
      entries.push({
        kind: wordOf(ENTRY_OUTCOMES, reply[at]),
        better: reply[at + 1] === 1,
        previousRank: Number(reply[at + 2]),
        rank: Number(reply[at + 3]),
        position: Number(reply[at + 4]),
        lower: Number(reply[at + 5]),
        upper: Number(reply[at + 6]),
        scores: String(reply[at + 7]),
      })
    }
    return {
      kind: outcome,
      season: String(reply[1]),
      total: Number(reply[2]),
      replayed: reply[3] === 1,
      entries,
    }
  }),
})
