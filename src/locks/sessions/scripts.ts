import { integer, integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import type { LeaseEnd } from '../lock-state.js'
import { COMMON, readHead } from '../reply-head.js'

export const openSessionScript = defineScript({
  name: 'locks.session-open',
  file: new URL('../scripts/session-open.lua', import.meta.url),
  keys: ['session'],
  args: ['id', 'ttl_ms', 'metadata', 'digest?', 'fingerprint?', 'record_ttl_ms?'],
  outcomes: ['opened', 'replayed', 'conflict', 'session-ended'],
  decode(reply, outcome) {
    const [, id, leftMs] = list(reply, 3)
    return { outcome, id: String(id), leftMs: Number(leftMs) }
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
  file: new URL('../scripts/session-keep.lua', import.meta.url),
  keys: ['session'],
  args: ['id', 'ended_ttl_ms'],
  // Mostly nothing is to be shown, a thousand leases at most.
  units: () => 4,
  outcomes: ['kept', 'over'],
  decode(reply, outcome) {
    const parts = list(reply, 3)
    if (outcome === 'over') return undefined
    const notes: SessionNote[] = []
    for (let at = 3; at < parts.length; at += 5) notes.push(toNote(parts.slice(at, at + 5)))
    return { leftMs: integer(parts[1]), leaseCount: integer(parts[2]), notes }
  },
})

export const showSessionScript = defineScript({
  name: 'locks.session-show',
  file: new URL('../scripts/session-show.lua', import.meta.url),
  keys: ['session'],
  args: ['id'],
  coalesce: false,
  outcomes: ['found', 'over'],
  decode(reply, outcome) {
    const [, leftMs, ttlMs, metadata, ...stored] = list(reply, 4)
    if (outcome === 'over') return undefined
    return {
      leftMs: Number(leftMs),
      ttlMs: Number(ttlMs),
      metadata: String(metadata),
      stored: stored.map(String),
    }
  },
})

export const endSessionScript = defineScript({
  name: 'locks.session-end',
  file: new URL('../scripts/session-end.lua', import.meta.url),
  keys: ['session'],
  args: ['id', 'max_leases', ...COMMON],
  coalesce: false,
  outcomes: ['ended', 'replayed', 'session-ended'],
  decode(reply, outcome) {
    const parts = integers(reply, 7)
    const [, , , , leaseCount, released, left] = parts
    return { ...readHead(parts), outcome, leaseCount, released, left }
  },
})
