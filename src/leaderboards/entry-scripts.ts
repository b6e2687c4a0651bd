import { defineScript } from '../redis/script.js'
import { decodeBoard, type Flat, records, scriptFile } from './script-replies.js'

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
  file: scriptFile('page'),
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
    (reply): PageReply => ({
      outcome: 'page',
      season: String(reply[1]),
      total: Number(reply[2]),
      lastSequence: String(reply[3]),
      more: reply[4] === 1,
      entries: [...records(reply, 5, 5)].map(toListed),
    }),
  ),
})

export const aroundScript = defineScript({
  name: 'leaderboards.around',
  file: scriptFile('around'),
  keys: ['board'],
  args: ['plan', 'windows', 'member', 'count'],
  units: ({ count }) => 3 + Number(count) / 4,
  decode: decodeBoard((reply) => ({
    outcome: 'around' as const,
    season: String(reply[1]),
    total: Number(reply[2]),
    entries: [...records(reply, 3, 5)].map(toListed),
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
  file: scriptFile('members'),
  keys: ['board'],
  args: ['plan', 'windows', 'members[]'],
  units: ({ members }) => 2 * members.length,
  decode: decodeBoard((reply) => ({
    outcome: 'members' as const,
    season: String(reply[1]),
    total: Number(reply[2]),
    members: [...records(reply, 3, 7)].map((entry): MemberReply => {
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

export const whereScript = defineScript({
  name: 'leaderboards.where',
  file: scriptFile('where'),
  keys: ['board'],
  args: ['plan', 'windows', 'scores', 'percentile'],
  units: ({ scores }) => (scores === '' ? 20 : 2),
  decode: decodeBoard((reply) => ({
    outcome: 'where' as const,
    season: String(reply[1]),
    total: Number(reply[2]),
    /** Where the scores would land. */
    lower: Number(reply[3]),
    upper: Number(reply[4]),
    dense: Number(reply[5]),
    /** The entry with the percentile. */
    entry: reply.length === 8 ? toListed(reply.slice(3)) : undefined,
  })),
})

export const removeScript = defineScript({
  name: 'leaderboards.remove',
  file: scriptFile('remove'),
  keys: ['board'],
  args: ['plan', 'windows', 'member'],
  decode: decodeBoard(([, removed]) => ({ outcome: 'done' as const, removed: removed === 1 })),
})

export const hideScript = defineScript({
  name: 'leaderboards.hide',
  file: scriptFile('hide'),
  keys: ['board'],
  args: ['plan', 'windows', 'member', 'hide'],
  decode: decodeBoard(([, changed]) => ({ outcome: 'done' as const, changed: changed === 1 })),
})

export const eraseScript = defineScript({
  name: 'leaderboards.erase',
  file: scriptFile('erase'),
  keys: ['board'],
  args: ['plan', 'windows', 'member'],
  units: () => 4,
  decode: decodeBoard(([, seasons]) => ({ outcome: 'done' as const, seasons: Number(seasons) })),
})
