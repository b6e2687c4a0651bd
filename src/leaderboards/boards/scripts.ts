import { integers, list, wordOf } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { decodeBoard, records } from '../script-replies.js'

export const configureScript = defineScript({
  name: 'leaderboards.configure',
  file: new URL('../scripts/configure.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows', 'config', 'new_version', 'if_empty', 'ttl_ms', 'member_ttl_ms'],
  outcomes: ['done', 'has-entries', 'stale-version', 'stale-season'],
  decode: decodeBoard((_, outcome: 'done' | 'has-entries') => ({ kind: outcome })),
})

/** A board is made by its first submission, from a template, or set through the API. */
export const SOURCES = ['template', 'api'] as const

export const describeScript = defineScript({
  name: 'leaderboards.describe',
  file: new URL('../scripts/describe.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows'],
  outcomes: ['described', 'stale-version', 'stale-season', 'no-board', 'no-season', 'untidy'],
  decode: decodeBoard(([, id, endMs, total, closed, configured], outcome: 'described') => ({
    kind: outcome,
    source: wordOf(SOURCES, configured),
    season: { id: String(id), endMs: Number(endMs), total: Number(total), closed: closed === 1 },
  })),
})

export const dropScript = defineScript({
  name: 'leaderboards.drop',
  file: new URL('../scripts/drop.lua', import.meta.url),
  keys: ['board'],
  args: ['if_match'],
  outcomes: ['dropped', 'absent', 'precondition'],
  decode(reply, outcome) {
    const [, version] = integers(reply, 2)
    return { kind: outcome, version }
  },
})

export const registerScript = defineScript({
  name: 'leaderboards.register',
  file: new URL('../scripts/register.lua', import.meta.url),
  keys: ['registry', 'rechecks'],
  args: ['board', 'listed', 'recheck_in_ms', 'limit'],
  decode: (reply) => list(reply).map(String),
})

export const relistScript = defineScript({
  name: 'leaderboards.relist',
  file: new URL('../scripts/relist.lua', import.meta.url),
  keys: ['registry', 'rechecks'],
  args: ['board', 'listed', 'recheck_in_ms', 'new_recheck_in_ms'],
  decode: (reply) => integers(reply, 1)[0],
})

export const ttlScript = defineScript({
  name: 'leaderboards.ttl',
  file: new URL('../scripts/ttl.lua', import.meta.url),
  keys: ['board'],
  args: [],
  decode: (reply) => integers(reply, 1)[0],
})

export const listScript = defineScript({
  name: 'leaderboards.list',
  file: new URL('../scripts/list.lua', import.meta.url),
  keys: ['registry', 'rechecks'],
  args: ['first', 'last', 'limit', 'max_rechecks'],
  units: ({ limit }) => 1 + Number(limit) / 20,
  decode(reply) {
    const [rechecks, ...names] = list(reply, 1)
    const all = names.map(String)
    return { rechecks: all.slice(0, Number(rechecks)), names: all.slice(Number(rechecks)) }
  },
})

export const closeScript = defineScript({
  name: 'leaderboards.close',
  file: new URL('../scripts/close.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows', 'close'],
  outcomes: ['done', 'stale-version', 'stale-season', 'no-board'],
  decode: decodeBoard(([, season, changed], outcome: 'done') => ({
    kind: outcome,
    season: String(season),
    changed: changed === 1,
  })),
})

export const seasonsScript = defineScript({
  name: 'leaderboards.seasons',
  file: new URL('../scripts/seasons.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows'],
  outcomes: ['seasons', 'stale-version', 'stale-season', 'no-board'],
  decode: decodeBoard((reply, outcome: 'seasons') => ({
    kind: outcome,
    seasons: [...records(reply, 2, 3)].map(([id, endMs, total]) => ({
      id: String(id),
      endMs: Number(endMs),
      total: Number(total),
      ended: Number(endMs) <= Number(reply[1]),
    })),
  })),
})

/** Members that one step examines. */
export const MOST_TIDIED = 25

export const tidyScript = defineScript({
  name: 'leaderboards.tidy',
  file: new URL('../scripts/tidy.lua', import.meta.url),
  keys: ['board'],
  args: ['plan', 'windows', 'most'],
  units: ({ most }) => 5 + 4 * Number(most),
  outcomes: ['tidied', 'stale-version', 'stale-season', 'no-board', 'no-season'],
  decode: decodeBoard(([, more], outcome: 'tidied') => ({ kind: outcome, more: more === 1 })),
})
