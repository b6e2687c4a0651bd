import { list } from '../redis/reply.js'
import { defineScript } from '../redis/script.js'
import { decodeBoard, records, scriptFile } from './script-replies.js'

const CONFIGURED = ['created', 'changed', 'immutable', 'precondition'] as const

export const configureScript = defineScript({
  name: 'leaderboards.configure',
  file: scriptFile('configure'),
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

export const dropScript = defineScript({
  name: 'leaderboards.drop',
  file: scriptFile('drop'),
  keys: ['board'],
  args: [],
  decode: (reply) => list(reply, 1)[0] === 1,
})

export const registerScript = defineScript({
  name: 'leaderboards.register',
  file: scriptFile('register'),
  keys: ['registry'],
  args: ['board', 'add'],
  decode: (reply) => list(reply, 1)[0] === 1,
})

export const listScript = defineScript({
  name: 'leaderboards.list',
  file: scriptFile('list'),
  keys: ['registry'],
  args: ['first', 'last', 'limit'],
  units: ({ limit }) => 1 + Number(limit) / 20,
  decode: (reply) => list(reply).map(String),
})

export const closeScript = defineScript({
  name: 'leaderboards.close',
  file: scriptFile('close'),
  keys: ['board'],
  args: ['plan', 'windows'],
  decode: decodeBoard(([, season, endMs, changed]) => ({
    outcome: 'done' as const,
    season: String(season),
    endMs: Number(endMs),
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
