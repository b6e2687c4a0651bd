import { list, wordOf } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'

export type EntryState = 'miss' | 'fresh' | 'stale' | 'negative'
export type EntryKind = 'bytes' | 'counter' | 'object'

const STATES = ['miss', 'fresh', 'stale', 'negative'] as const
const KINDS = ['bytes', 'counter', 'object'] as const

/** @throws TypeError for a number that lib/entry.lua does not know. */
export const toKind = (number: number): EntryKind => wordOf(KINDS, number)

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
  /** Until it is no longer served at all. */
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

/** Where the texts begin. */
const TEXTS_AT = 54

/** Reads what `describe` in lib/entry.lua packs. */
export function toEntry(packed: Buffer, payload: Buffer): Entry | undefined {
  if (packed.length === 0) return undefined
  const name = wordOf(STATES, packed.readUInt8(0))
  if (name === 'miss') throw new TypeError('a miss is not packed')
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

export interface ReadReply {
  /** The partition's clock: everything it counted up to here is in this reply. */
  readonly asOf: number
  readonly lease: LeaseReply
  readonly entry: Entry | undefined
}

export type LeaseReply =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'won'
      /** What its fill shows: the token, and which of its grants this is. */
      readonly proof: string
      readonly leftMs: number
      /** Whoever loaded before let its lease run out. */
      readonly ranOut: boolean
    }
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
    'token',
    'lease_ms',
    'max_lease_ms',
    'early',
    'idle_ms',
    'max_stale_ms',
    'min_fresh_ms',
    'max_bytes',
    'have',
  ],
  outcomes: ['none', 'won', 'held', 'backoff', 'won-late'],
  buffers: true,
  decode(reply, outcome): ReadReply {
    const [asOf, , leftMs, proof, packed, payload] = list(reply, 6) as ReadParts
    return { asOf, lease: toLease(outcome, leftMs, proof), entry: toEntry(packed, payload) }
  },
})

type ReadParts = [number, number, number, Buffer, Buffer, Buffer]

const NO_LEASE: LeaseReply = { kind: 'none' }

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
      const entry = Buffer.isBuffer(packed) ? toEntry(packed, parts[++at] as Buffer) : undefined
      replies.push({ asOf, lease: NO_LEASE, entry })
    }
    return replies
  },
})

type LeaseOutcome = LeaseReply['kind'] | 'won-late'

function toLease(outcome: LeaseOutcome, leftMs: number, proof: unknown): LeaseReply {
  switch (outcome) {
    case 'none':
      return NO_LEASE
    case 'won':
    case 'won-late':
      return { kind: 'won', proof: String(proof), leftMs, ranOut: outcome === 'won-late' }
    default:
      return { kind: outcome, retryAfterMs: leftMs }
  }
}
