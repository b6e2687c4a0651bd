import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { COMMON, luaFile, readHead } from '../reply-head.js'

const OPEN_OUTCOMES = ['opened', 'replayed', 'conflict', 'session-ended'] as const

export const openSessionScript = defineScript({
  name: 'locks.session-open',
  file: luaFile('session-open'),
  keys: ['session'],
  args: ['id', 'ttl_ms', 'metadata', 'memo?', 'fingerprint?', 'memo_ttl_ms?'],
  decode(reply) {
    const [outcome, id, leftMs] = list(reply, 3)
    const kind = OPEN_OUTCOMES[Number(outcome) - 1] as (typeof OPEN_OUTCOMES)[number]
    return { kind, id: String(id), leftMs: Number(leftMs) }
  },
})

export const keepSessionScript = defineScript({
  name: 'locks.session-keep',
  file: luaFile('session-keep'),
  keys: ['session'],
  args: ['id'],
  decode(reply) {
    const [outcome, leftMs, leaseCount] = integers(reply, 3) as [number, number, number]
    return outcome === 1 ? { leftMs, leaseCount } : undefined
  },
})

export const showSessionScript = defineScript({
  name: 'locks.session-show',
  file: luaFile('session-show'),
  keys: ['session'],
  args: ['id'],
  coalesce: false,
  decode(reply) {
    const [outcome, leftMs, ttlMs, metadata, ...stored] = list(reply, 4)
    if (outcome !== 1) return undefined
    return {
      leftMs: Number(leftMs),
      ttlMs: Number(ttlMs),
      metadata: String(metadata),
      stored: stored.map(String),
    }
  },
})

type Four = [number, number, number, number]
const END_OUTCOMES = ['ended', 'replayed', 'session-ended'] as const

export const endSessionScript = defineScript({
  name: 'locks.session-end',
  file: luaFile('session-end'),
  keys: ['session'],
  args: ['id', 'max_leases', ...COMMON],
  coalesce: false,
  decode(reply) {
    const [outcome, leaseCount, released, left] = integers(reply, 7).slice(3) as Four
    const kind = END_OUTCOMES[outcome - 1] as (typeof END_OUTCOMES)[number]
    return { ...readHead(reply as unknown[]), kind, leaseCount, released, left }
  },
})
