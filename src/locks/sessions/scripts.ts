import { integer, integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import type { LeaseEnd } from '../lock-state.js'
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

export type UncleanEnd = Exclude<LeaseEnd, 'released'>

/** What happened to a lease of a session, or will happen, without its doing. */
export interface SessionNote {
  /** As the scripts spell it. */
  readonly stored: string
  readonly fence: number
  /** Undefined while somebody only asks for it. */
  readonly how: UncleanEnd | undefined
  readonly inMs: number | undefined
  readonly reason: string
}

function toNote([stored, fence, how, inMs, reason]: readonly unknown[]): SessionNote {
  return {
    stored: String(stored),
    fence: integer(fence),
    how: how === '' ? undefined : (how as UncleanEnd),
    inMs: Number(inMs) < 0 ? undefined : Number(inMs),
    reason: String(reason),
  }
}

export const keepSessionScript = defineScript({
  name: 'locks.session-keep',
  file: luaFile('session-keep'),
  keys: ['session'],
  args: ['id', 'ended_ttl_ms'],
  // Mostly nothing is to be shown, a thousand leases at most.
  units: () => 4,
  decode(reply) {
    const parts = list(reply, 3)
    if (parts[0] !== 1) return undefined
    const notes: SessionNote[] = []
    for (let at = 3; at < parts.length; at += 5) notes.push(toNote(parts.slice(at, at + 5)))
    return { leftMs: integer(parts[1]), leaseCount: integer(parts[2]), notes }
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
