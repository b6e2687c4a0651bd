import { list } from '../redis/reply.js'
import { defineScript } from '../redis/script.js'

const file = (name: string) => new URL(`./scripts/${name}.lua`, import.meta.url)

/** What every script of a board may answer instead of doing its work: ask once more, knowing this. */
export type Again =
  | { readonly outcome: 'other-version'; readonly version: string; readonly config: string }
  | { readonly outcome: 'other-season'; readonly nowMs: number }

export const isAgain = (reply: { readonly outcome: string }): reply is Again =>
  reply.outcome === 'other-version' || reply.outcome === 'other-season'

type Flat = (string | number | Buffer)[]

/** Reads the first field of a reply; `read` sees the rest of a reply that did its work. */
function decodeBoard<R>(read: (rest: Flat, status: number) => R) {
  return (reply: unknown): R | Again => {
    const [status, ...rest] = list(reply, 1)
    if (status === 0) {
      return { outcome: 'other-version', version: String(rest[0]), config: String(rest[1]) }
    }
    if (status === -1) return { outcome: 'other-season', nowMs: Number(rest[0]) }
    return read(rest, Number(status))
  }
}

function* records(fields: Flat, width: number): Generator<Flat> {
  for (let at = 0; at < fields.length; at += width) yield fields.slice(at, at + width)
}

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
  file: file('submit'),
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

export interface ListedReply {
  readonly member: string
  readonly scores: string
  readonly rank: number
  readonly position: number
  readonly metadata: string
}

const toListed = ([member, scores, rank, position, metadata]: Flat): ListedReply => ({
  member: String(member),
  scores: String(scores),
  rank: Number(rank),
  position: Number(position),
  metadata: String(metadata),
})

export interface PageReply {
  readonly outcome: 'page'
  readonly season: string
  readonly total: number
  readonly lastSequence: string
  readonly more: boolean
  readonly entries: readonly ListedReply[]
}

export const pageScript = defineScript({
  name: 'leaderboards.page',
  file: file('page'),
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
  units: ({ limit }) => 3 + Number(limit) / 4,
  decode: decodeBoard(
    ([season, total, lastSequence, more, ...fields]): PageReply => ({
      outcome: 'page',
      season: String(season),
      total: Number(total),
      lastSequence: String(lastSequence),
      more: more === 1,
      entries: [...records(fields, 5)].map(toListed),
    }),
  ),
})

export const aroundScript = defineScript({
  name: 'leaderboards.around',
  file: file('around'),
  keys: ['board'],
  args: ['plan', 'windows', 'member', 'count'],
  units: ({ count }) => 3 + Number(count) / 4,
  decode: decodeBoard(([season, total, ...fields]) => ({
    outcome: 'around' as const,
    season: String(season),
    total: Number(total),
    entries: [...records(fields, 5)].map(toListed),
  })),
})

export interface MemberReply {
  readonly found: 'absent' | 'ranked' | 'hidden'
  readonly scores: string
  readonly rank: number
  readonly position: number
  readonly lower: number
  readonly upper: number
  readonly metadata: string
}

const FOUND = ['absent', 'ranked', 'hidden'] as const

export const membersScript = defineScript({
  name: 'leaderboards.members',
  file: file('members'),
  keys: ['board'],
  args: ['plan', 'windows', 'members[]'],
  units: ({ members }) => 2 * members.length,
  decode: decodeBoard(([season, total, ...fields]) => ({
    outcome: 'members' as const,
    season: String(season),
    total: Number(total),
    members: [...records(fields, 7)].map((entry): MemberReply => {
      const [rank, position, lower, upper] = entry.slice(2, 6).map(Number)
      return {
        found: FOUND[Number(entry[0])] as MemberReply['found'],
        scores: String(entry[1]),
        rank: rank as number,
        position: position as number,
        lower: lower as number,
        upper: upper as number,
        metadata: String(entry[6]),
      }
    }),
  })),
})

export const removeScript = defineScript({
  name: 'leaderboards.remove',
  file: file('remove'),
  keys: ['board'],
  args: ['plan', 'windows', 'member'],
  decode: decodeBoard(([removed]) => ({ outcome: 'done' as const, removed: removed === 1 })),
})

const CONFIGURED = ['created', 'changed', 'immutable', 'precondition'] as const

export const configureScript = defineScript({
  name: 'leaderboards.configure',
  file: file('configure'),
  keys: ['board'],
  args: ['config', 'identity', 'if_match', 'new_version', 'ttl_ms'],
  decode(reply) {
    const [outcome, version] = list(reply, 2)
    return {
      outcome: CONFIGURED[Number(outcome) - 1] as (typeof CONFIGURED)[number],
      version: String(version),
    }
  },
})

export const describeScript = defineScript({
  name: 'leaderboards.describe',
  file: file('describe'),
  keys: ['board'],
  args: ['plan', 'windows'],
  decode: decodeBoard(([season, total, closed]) => ({
    outcome: 'described' as const,
    season: String(season),
    total: Number(total),
    closed: closed === 1,
  })),
})

export const dropScript = defineScript({
  name: 'leaderboards.drop',
  file: file('drop'),
  keys: ['board'],
  args: [],
  decode: (reply) => list(reply, 1)[0] === 1,
})

export const registerScript = defineScript({
  name: 'leaderboards.register',
  file: file('register'),
  keys: ['registry'],
  args: ['board', 'add'],
  decode: (reply) => list(reply, 1)[0] === 1,
})

export const listScript = defineScript({
  name: 'leaderboards.list',
  file: file('list'),
  keys: ['registry'],
  args: ['first', 'last', 'limit'],
  units: ({ limit }) => 1 + Number(limit) / 20,
  decode: (reply) => list(reply).map(String),
})

export const whereScript = defineScript({
  name: 'leaderboards.where',
  file: file('where'),
  keys: ['board'],
  args: ['plan', 'windows', 'scores', 'percentile'],
  units: ({ scores }) => (scores === '' ? 20 : 2),
  decode: decodeBoard(([season, total, ...fields]) => ({
    outcome: 'where' as const,
    season: String(season),
    total: Number(total),
    /** Where the scores would land. */
    lower: Number(fields[0]),
    upper: Number(fields[1]),
    dense: Number(fields[2]),
    /** The entry with the percentile. */
    entry: fields.length === 5 ? toListed(fields) : undefined,
  })),
})

export const hideScript = defineScript({
  name: 'leaderboards.hide',
  file: file('hide'),
  keys: ['board'],
  args: ['plan', 'windows', 'member', 'hide'],
  decode: decodeBoard(([changed]) => ({ outcome: 'done' as const, changed: changed === 1 })),
})

export const closeScript = defineScript({
  name: 'leaderboards.close',
  file: file('close'),
  keys: ['board'],
  args: ['plan', 'windows'],
  decode: decodeBoard(([season, endMs, changed]) => ({
    outcome: 'done' as const,
    season: String(season),
    endMs: Number(endMs),
    changed: changed === 1,
  })),
})

export const seasonsScript = defineScript({
  name: 'leaderboards.seasons',
  file: file('seasons'),
  keys: ['board'],
  args: ['plan', 'windows'],
  decode: decodeBoard(([nowMs, ...fields]) => ({
    outcome: 'seasons' as const,
    seasons: [...records(fields, 3)].map(([id, endMs, total]) => ({
      id: String(id),
      endMs: Number(endMs),
      total: Number(total),
      ended: Number(endMs) <= Number(nowMs),
    })),
  })),
})

export const eraseScript = defineScript({
  name: 'leaderboards.erase',
  file: file('erase'),
  keys: ['board'],
  args: ['plan', 'windows', 'member'],
  units: () => 4,
  decode: decodeBoard(([seasons]) => ({ outcome: 'done' as const, seasons: Number(seasons) })),
})
