import { integer, integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { fromStoredName } from '../keys.js'
import type { LeaseEnd } from '../lock-state.js'
import { COMMON, readHead } from '../reply-head.js'

export const openSessionScript = defineScript({
  name: 'locks.session-open',
  file: new URL('../scripts/session-open.lua', import.meta.url),
  keys: ['session'],
  args: ['id', 'token', 'ttl_ms', 'metadata', 'digest?', 'fingerprint?', 'record_ttl_ms?'],
  outcomes: ['opened', 'replayed', 'conflict', 'session-ended'],
  decode(reply, kind) {
    const [, token, leftMs] = list(reply, 3)
    return { kind, token: String(token), leftMs: Number(leftMs) }
  },
})

/** What others did to a lease of a session, or will do. */
const toNote = ([stored, fence, how, leftMs, reason]: readonly unknown[]) => ({
  name: fromStoredName(String(stored)),
  fence: integer(fence),
  /** Undefined for a lease that its holder is asked to give back. */
  how: how === '' ? undefined : (how as Exclude<LeaseEnd, 'released'>),
  leftMs: Number(leftMs) < 0 ? undefined : Number(leftMs),
  reason: String(reason),
})

export const keepSessionScript = defineScript({
  name: 'locks.session-keep',
  file: new URL('../scripts/session-keep.lua', import.meta.url),
  keys: ['session'],
  args: ['id', 'ended_ttl_ms'],
  // It usually has nothing to show; at most a thousand leases.
  units: () => 4,
  outcomes: ['kept', 'over'],
  decode(reply, outcome) {
    const parts = list(reply, 3)
    if (outcome === 'over') return undefined
    const notes = []
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

export const listSessionsScript = defineScript({
  name: 'locks.session-list',
  file: new URL('../scripts/session-list.lua', import.meta.url),
  keys: ['sessions'],
  args: ['after', 'limit'],
  coalesce: false,
  decode(reply) {
    const parts = list(reply)
    return Array.from({ length: parts.length / 5 }, (_, i) => ({
      id: String(parts[i * 5]),
      leftMs: Number(parts[i * 5 + 1]),
      ttlMs: Number(parts[i * 5 + 2]),
      metadata: String(parts[i * 5 + 3]),
      leaseCount: Number(parts[i * 5 + 4]),
    }))
  },
})

export const endSessionScript = defineScript({
  name: 'locks.session-end',
  file: new URL('../scripts/session-end.lua', import.meta.url),
  keys: ['session'],
  args: ['id', 'max_leases', ...COMMON],
  coalesce: false,
  outcomes: ['ended', 'replayed', 'session-ended'],
  decode(reply, kind) {
    const parts = integers(reply, 8)
    const [, , , , , leaseCount, released, left] = parts
    return { ...readHead(parts), kind, leaseCount, released, left }
  },
})
