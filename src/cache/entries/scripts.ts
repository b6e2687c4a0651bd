import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

export type EntryState = 'miss' | 'fresh' | 'stale' | 'negative'
export type EntryKind = 'bytes' | 'counter' | 'object'

const STATES = ['miss', 'fresh', 'stale', 'negative'] as const
const KINDS = ['bytes', 'counter', 'object'] as const

/** @throws TypeError for a number that lib/entry.lua does not know. */
export function toKind(number: number): EntryKind {
  const kind = KINDS[number]
  if (kind === undefined) throw new TypeError(`unknown kind ${number} of an entry`)
  return kind
}

/** The number by which scripts know a kind. */
export const kindNumber = (kind: EntryKind): number => KINDS.indexOf(kind)

/** What a script tells about a value that is there. Times are as of the reply. */
export interface Entry {
  readonly state: Exclude<EntryState, 'miss'>
  readonly kind: EntryKind
  /** The clock at its last write; the ETag is made of it. */
  readonly version: number
  readonly ageMs: number
  /** Until it becomes stale; negative: since it became so. */
  readonly ttlMs: number
  /** Until it is no longer served at all; 0 where only a failed refresh keeps it. */
  readonly servedMs: number
  /** How long its load took; 0 when it was not loaded under a lease. */
  readonly loadMs: number
  readonly size: number
  readonly contentType: string
  readonly contentEncoding: string
  readonly tags: readonly string[]
  /** Undefined where the caller did not ask for it, or for less than its size. */
  readonly payload: Buffer | undefined
}

const NEWLINE = /\n/

/** Reads the twelve fields of `describe` in lib/entry.lua. */
function toEntry(parts: readonly (string | number | Buffer)[]): Entry | undefined {
  const [state, kind, version, ageMs, ttlMs, servedMs, loadMs, size] = integers(
    parts.slice(0, 8),
    8,
  ) as [number, number, number, number, number, number, number, number]
  const name = STATES[state]
  if (!name) throw new TypeError(`unknown state ${state} of an entry`)
  if (name === 'miss') return undefined
  const [contentType, contentEncoding, tags] = parts.slice(8, 11).map(String) as [
    string,
    string,
    string,
  ]
  const payload = parts[11] as Buffer
  return {
    state: name,
    kind: toKind(kind),
    version,
    ageMs,
    ttlMs,
    servedMs,
    loadMs,
    size,
    contentType,
    contentEncoding,
    tags: tags === '' ? [] : tags.split(NEWLINE),
    payload: payload.length === size ? payload : undefined,
  }
}

export interface ReadReply {
  /** The partition's clock: everything it counted up to here is in this reply. */
  readonly asOf: number
  readonly lease: LeaseReply
  readonly entry: Entry | undefined
}

export type LeaseReply =
  | { readonly kind: 'none' }
  | { readonly kind: 'won'; readonly token: string; readonly leftMs: number }
  /** Somebody else loads; or nobody may, because the last load failed. */
  | { readonly kind: 'held' | 'backoff'; readonly retryAfterMs: number }

export const readScript = defineScript({
  name: 'cache.read',
  file: new URL('../scripts/read.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease'],
  args: [
    'seed',
    'on_restart',
    'space',
    'want',
    'own_token',
    'token',
    'lease_ms',
    'early',
    'idle_ms',
    'max_stale_ms',
    'min_fresh_ms',
    'max_bytes',
  ],
  buffers: true,
  decode(reply): ReadReply {
    const parts = list(reply, 16)
    const [asOf, lease, leftMs] = integers(parts.slice(0, 3), 3) as [number, number, number]
    return { asOf, lease: toLease(lease, leftMs, parts[3]), entry: toEntry(parts.slice(4)) }
  },
})

const NO_LEASE: LeaseReply = { kind: 'none' }

/** Where the texts begin in what cache.read-many packs. */
const TEXTS_AT = 54

/** Reads DESCRIBED of read-many.lua. */
function toPackedEntry(packed: Buffer, payload: Buffer): Entry {
  const name = STATES[packed.readUInt8(0)]
  if (name === undefined || name === 'miss') throw new TypeError('unknown state of an entry')
  const size = packed.readDoubleBE(42)
  const encodingAt = TEXTS_AT + packed.readUInt8(50)
  const tagsAt = encodingAt + packed.readUInt8(51)
  const tags = packed.toString('latin1', tagsAt, tagsAt + packed.readUInt16BE(52))
  return {
    state: name,
    kind: toKind(packed.readUInt8(1)),
    version: packed.readDoubleBE(2),
    ageMs: packed.readDoubleBE(10),
    ttlMs: packed.readDoubleBE(18),
    servedMs: packed.readDoubleBE(26),
    loadMs: packed.readDoubleBE(34),
    size,
    contentType: packed.toString('latin1', TEXTS_AT, encodingAt),
    contentEncoding: packed.toString('latin1', encodingAt, tagsAt),
    tags: tags === '' ? [] : tags.split(NEWLINE),
    payload: payload.length === size ? payload : undefined,
  }
}

/** Replies for as many of the keys as were read, from the first on. */
export const readManyScript = defineScript({
  name: 'cache.read-many',
  file: new URL('../scripts/read-many.lua', import.meta.url),
  keys: ['clock', 'entry[]'],
  args: ['seed', 'on_restart', 'space', 'idle_ms', 'max_bytes', 'reply_bytes'],
  // A hundred keys are a batch already.
  coalesce: false,
  buffers: true,
  decode(reply): ReadReply[] {
    const [asOf, ...parts] = list(reply, 1) as [number, ...(0 | Buffer)[]]
    const replies: ReadReply[] = []
    for (let at = 0; at < parts.length; at += 1) {
      const packed = parts[at]
      const entry = Buffer.isBuffer(packed)
        ? toPackedEntry(packed, parts[++at] as Buffer)
        : undefined
      replies.push({ asOf, lease: NO_LEASE, entry })
    }
    return replies
  },
})

function toLease(lease: number, leftMs: number, token: unknown): LeaseReply {
  switch (lease) {
    case 0:
      return { kind: 'none' }
    case 1:
      return { kind: 'won', token: String(token), leftMs }
    case 2:
      return { kind: 'held', retryAfterMs: leftMs }
    case 3:
      return { kind: 'backoff', retryAfterMs: leftMs }
    default:
      throw new TypeError(`unknown state ${lease} of a lease`)
  }
}

export type WriteReply =
  | {
      readonly outcome: 'created' | 'replaced'
      readonly version: number
      readonly replayed: boolean
    }
  /** `version` is that of what is there, 0 for nothing. */
  | {
      readonly outcome: 'precondition-failed'
      readonly version: number
      readonly entry: Entry | undefined
    }
  | { readonly outcome: 'lease-lost' }
  | { readonly outcome: 'conflict' }

export const writeScript = defineScript({
  name: 'cache.write',
  file: new URL('../scripts/write.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values', 'memo?'],
  args: [
    'seed',
    'on_restart',
    'space',
    'name',
    'fill',
    'match',
    'absent',
    'show',
    'negative',
    'ttl_ms',
    'stale_ms',
    'error_ms',
    'idle_ms',
    'type',
    'encoding',
    'tags',
    'fingerprint',
    'memo_ttl_ms',
    'payload',
  ],
  buffers: true,
  decode(reply): WriteReply {
    const parts = list(reply, 15)
    const [outcome, version, replayed] = integers(parts.slice(0, 3), 3) as [number, number, number]
    switch (outcome) {
      case 1:
        return { outcome: 'created', version, replayed: replayed === 1 }
      case 2:
        return { outcome: 'replaced', version, replayed: replayed === 1 }
      case 3:
        return { outcome: 'precondition-failed', version, entry: toEntry(parts.slice(3)) }
      case 4:
        return { outcome: 'lease-lost' }
      case 5:
        return { outcome: 'conflict' }
      default:
        throw new TypeError(`unknown outcome ${outcome} of cache.write`)
    }
  },
})

export type RemoveReply =
  | { readonly outcome: 'removed' }
  | { readonly outcome: 'precondition-failed'; readonly version: number }

export const removeScript = defineScript({
  name: 'cache.remove',
  file: new URL('../scripts/remove.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values'],
  args: ['seed', 'on_restart', 'space', 'name', 'match', 'idle_ms'],
  decode(reply): RemoveReply {
    const [outcome, version] = integers(reply, 2) as [number, number]
    return outcome === 1 ? { outcome: 'removed' } : { outcome: 'precondition-failed', version }
  },
})
