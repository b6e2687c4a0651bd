import { MAX_UNITS } from '../../redis/lane.js'
import { integers, wordOf } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { columnsOf, decodeBoard, type Flat, records } from '../script-replies.js'

export interface ListedReply {
  readonly member: string
  readonly scores: string
  readonly rank: number
  readonly position: number
  readonly metadata: string
}

const LINES = 5

/** Entries as scripts/lib/list.lua writes them. */
function toListed(text: string): ListedReply[] {
  const listed: ListedReply[] = []
  if (text === '') return listed
  const lines = text.split('\n')
  if (lines.length % LINES !== 0) throw new TypeError(`${lines.length} lines of entries from Lua`)
  for (let at = 0; at < lines.length; at += LINES) {
    listed.push({
      member: lines[at] as string,
      scores: lines[at + 1] as string,
      rank: Number(lines[at + 2]),
      position: Number(lines[at + 3]),
      metadata: lines[at + 4] as string,
    })
  }
  return listed
}

export interface RangeReply {
  readonly season: string
  readonly total: number
  /** Of the entry farthest from the start of the range. */
  readonly lastSequence: string
  /** Whether the range continues. */
  readonly more: boolean
  /** Best first. */
  readonly entries: readonly ListedReply[]
}

const toRange = <K>(reply: Flat, kind: K): RangeReply & { readonly kind: K } => ({
  kind,
  season: String(reply[1]),
  total: Number(reply[2]),
  lastSequence: String(reply[3]),
  more: reply[4] === 1,
  entries: toListed(String(reply[5])),
})

const RANGE_UNITS = 5
const unitsPerListed = (columns: number): number => 0.3 + columns / 10

/** Entries that one call may list, so that it fits into a batch. */
export const listedPerCall = (columns: number): number =>
  Math.floor((MAX_UNITS - RANGE_UNITS) / unitsPerListed(columns))

const rangeUnits = ({ plan, limit }: { readonly plan: unknown; readonly limit: unknown }): number =>
  RANGE_UNITS + Number(limit) * unitsPerListed(columnsOf(plan))

export const pageScript = defineScript({
  name: 'leaderboards.page',
  file: new URL('../scripts/page.lua', import.meta.url),
  keys: ['board'],
  args: [
    'plan',
    'windows',
    'from',
    'limit',
    'worst',
    'best_score',
    'worst_score',
    'after',
    'after_seq',
    'after_member',
  ],
  units: rangeUnits,
  outcomes: ['page', 'stale-version', 'stale-season', 'no-board', 'no-season', 'untidy'],
  decode: decodeBoard((reply, outcome: 'page') => toRange(reply, outcome)),
})

export const aroundScript = defineScript({
  name: 'leaderboards.around',
  file: new URL('../scripts/around.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows', 'member', 'count', 'limit'],
  units: rangeUnits,
  outcomes: ['around', 'stale-version', 'stale-season', 'no-board', 'no-season', 'untidy'],
  decode: decodeBoard((reply, outcome: 'around') => toRange(reply, outcome)),
})

const FOUND = ['absent', 'ranked', 'hidden'] as const

export interface MemberReply {
  readonly found: (typeof FOUND)[number]
  readonly scores: string
  readonly rank: number
  readonly position: number
  readonly lower: number
  readonly upper: number
  readonly metadata: string
  /** Number of ranked members at the same moment. */
  readonly total: number
}

/** The reply for a member without an entry. */
export const ABSENT: MemberReply = {
  found: 'absent',
  scores: '',
  rank: 0,
  position: 0,
  lower: 0,
  upper: 0,
  metadata: '',
  total: 0,
}

const MEMBERS_UNITS = 3
const unitsPerMember = (columns: number): number => 1.5 + columns / 5

/** Members that one call may read, so that it fits into a batch. */
export const membersPerCall = (columns: number): number =>
  Math.floor((MAX_UNITS - MEMBERS_UNITS) / unitsPerMember(columns))

export const membersScript = defineScript({
  name: 'leaderboards.members',
  file: new URL('../scripts/members.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows', 'members[]'],
  units: ({ plan, members }) => MEMBERS_UNITS + members.length * unitsPerMember(columnsOf(plan)),
  outcomes: ['members', 'stale-version', 'stale-season', 'no-board', 'no-season', 'untidy'],
  decode: decodeBoard((reply, outcome: 'members') => ({
    kind: outcome,
    season: String(reply[1]),
    total: Number(reply[2]),
    members: [...records(reply, 3, 7)].map((entry): MemberReply => {
      const [rank, position, lower, upper] = integers(entry.slice(2, 6), 4)
      return {
        found: wordOf(FOUND, entry[0]),
        scores: String(entry[1]),
        rank,
        position,
        lower,
        upper,
        metadata: String(entry[6]),
        total: Number(reply[2]),
      }
    }),
  })),
})

export const whereScript = defineScript({
  name: 'leaderboards.where',
  file: new URL('../scripts/where.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows', 'scores', 'percentile'],
  units: ({ scores }) => (scores === '' ? 20 : 2),
  outcomes: ['where', 'stale-version', 'stale-season', 'no-board', 'no-season', 'untidy'],
  decode: decodeBoard((reply, outcome: 'where') => ({
    kind: outcome,
    season: String(reply[1]),
    total: Number(reply[2]),
    /** Where the scores would land. */
    lower: Number(reply[3]),
    upper: Number(reply[4]),
    dense: Number(reply[5]),
    /** The entry with the percentile. */
    entry: reply.length === 4 ? toListed(String(reply[3]))[0] : undefined,
  })),
})

export const removeScript = defineScript({
  name: 'leaderboards.remove',
  file: new URL('../scripts/remove.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows', 'member'],
  outcomes: ['done', 'stale-version', 'stale-season', 'no-board', 'no-season', 'untidy'],
  decode: decodeBoard(([, removed], outcome: 'done') => ({
    kind: outcome,
    removed: removed === 1,
  })),
})

/** Units of one member in one season, which has several keys. */
const UNITS_PER_SEASON = 4

/** Seasons that one call may change, so that it fits into a batch. */
export const SEASONS_PER_CALL = 25

export const hideScript = defineScript({
  name: 'leaderboards.hide',
  file: new URL('../scripts/hide.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows', 'member', 'hide', 'skip', 'most'],
  units: ({ most }) => 3 + Number(most) * UNITS_PER_SEASON,
  outcomes: ['done', 'stale-version', 'stale-season', 'no-board'],
  decode: decodeBoard(([, changed, more], outcome: 'done') => ({
    kind: outcome,
    changed: changed === 1,
    more: more === 1,
  })),
})

export const eraseScript = defineScript({
  name: 'leaderboards.erase',
  file: new URL('../scripts/erase.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows', 'member', 'skip', 'most'],
  units: ({ most }) => 2 + Number(most) * UNITS_PER_SEASON,
  outcomes: ['done', 'stale-version', 'stale-season', 'no-board'],
  decode: decodeBoard(([, seasons, more], outcome: 'done') => ({
    kind: outcome,
    seasons: Number(seasons),
    more: more === 1,
  })),
})
