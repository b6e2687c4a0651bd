import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { decodeBoard, records, scriptFile } from '../script-replies.js'

export const configureScript = defineScript({
  name: 'leaderboards.configure',
  file: scriptFile('configure'),
  keys: ['board'],
  args: ['plan', 'windows', 'config', 'new_version', 'if_empty', 'ttl_ms', 'member_ttl_ms'],
  decode: decodeBoard(([status]) => ({
    outcome: status === 1 ? ('done' as const) : ('has-entries' as const),
  })),
})

export const describeScript = defineScript({
  name: 'leaderboards.describe',
  file: scriptFile('describe'),
  keys: ['board'],
  args: ['plan', 'windows'],
  decode: decodeBoard(([, season, total, closed]) => ({
    outcome: 'described' as const,
    season: String(season),
    total: Number(total),
    closed: closed === 1,
  })),
})

const DROPPED = ['absent', 'dropped', 'precondition'] as const

export const dropScript = defineScript({
  name: 'leaderboards.drop',
  file: scriptFile('drop'),
  keys: ['board'],
  args: ['if_match'],
  decode(reply) {
    const [outcome, version] = integers(reply, 2) as [number, number]
    return { outcome: DROPPED[outcome] as (typeof DROPPED)[number], version }
  },
})

export const registerScript = defineScript({
  name: 'leaderboards.register',
  file: scriptFile('register'),
  keys: ['registry', 'looks'],
  args: ['board', 'listed', 'look_in_ms', 'new_look_in_ms', 'limit'],
  decode: (reply) => list(reply).map(String),
})

export const lifeScript = defineScript({
  name: 'leaderboards.life',
  file: scriptFile('life'),
  keys: ['board'],
  args: [],
  decode: (reply) => integers(reply, 1)[0] as number,
})

export const listScript = defineScript({
  name: 'leaderboards.list',
  file: scriptFile('list'),
  keys: ['registry', 'looks'],
  args: ['first', 'last', 'limit', 'most_looks'],
  units: ({ limit }) => 1 + Number(limit) / 20,
  decode(reply) {
    const [looks, ...names] = list(reply, 1)
    const all = names.map(String)
    return { looks: all.slice(0, Number(looks)), names: all.slice(Number(looks)) }
  },
})

export const closeScript = defineScript({
  name: 'leaderboards.close',
  file: scriptFile('close'),
  keys: ['board'],
  args: ['plan', 'windows', 'close'],
  decode: decodeBoard(([, season, changed]) => ({
    outcome: 'done' as const,
    season: String(season),
    changed: changed === 1,
  })),
})

export const seasonsScript = defineScript({
  name: 'leaderboards.seasons',
  file: scriptFile('seasons'),
  keys: ['board'],
  args: ['plan', 'windows'],
  decode: decodeBoard((reply) => ({
    outcome: 'seasons' as const,
    seasons: [...records(reply, 2, 3)].map(([id, endMs, total]) => ({
      id: String(id),
      endMs: Number(endMs),
      total: Number(total),
      ended: Number(endMs) <= Number(reply[1]),
    })),
  })),
})

/** Members that one step looks at. */
export const MOST_TIDIED = 25

export const tidyScript = defineScript({
  name: 'leaderboards.tidy',
  file: scriptFile('tidy'),
  keys: ['board'],
  args: ['plan', 'windows', 'most'],
  units: ({ most }) => 5 + 4 * Number(most),
  decode: decodeBoard(([, more]) => ({ outcome: 'tidied' as const, more: more === 1 })),
})
