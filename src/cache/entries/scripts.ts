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

/** A value, as a script describes it. Times are as of the reply. */
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
  /** What the origin that it was loaded from calls it, see origins/loading/validator.ts. */
  readonly validator?: string | undefined
  /** Undefined where the caller asked for none, or for fewer bytes. */
  readonly payload: Buffer | undefined
  /** Its origin has yet to get it; see origins/outbox. */
  readonly isPending?: boolean
}

/** Bytes of a verdict; see lib/verdict.lua. */
const VERDICT_BYTES = 29
/** Bytes of an entry before its texts; see lib/entry.lua. */
const HEADER_BYTES = 88
const PENDING = 4

/** Reads what `describe` in lib/verdict.lua packs: a verdict, and the entry as it is stored. */
export function toEntry(verdict: Buffer, bytes: Buffer, at = 0, stored = 0): Entry | undefined {
  const state = wordOf(STATES, verdict[at])
  if (state === 'miss') return undefined
  const now = verdict.readDoubleBE(at + 5)
  const ends = stored + verdict.readUInt32BE(at + 1)
  const fillAt = stored + HEADER_BYTES
  const typeAt = fillAt + bytes.readUInt8(stored + 83)
  const encodingAt = typeAt + bytes.readUInt8(stored + 84)
  const tagsAt = encodingAt + bytes.readUInt8(stored + 85)
  const payloadAt = tagsAt + bytes.readUInt16BE(stored + 86)
  const size = bytes.readUInt32BE(stored + 79)
  return {
    state,
    kind: toKind(bytes.readUInt8(stored + 1)),
    version: bytes.readDoubleBE(stored + 3),
    ageMs: wholeMs(now - bytes.readDoubleBE(stored + 27)),
    ttlMs: wholeMs(verdict.readDoubleBE(at + 13) - now),
    servedMs: wholeMs(Math.max(0, verdict.readDoubleBE(at + 21) - now)),
    loadMs: bytes.readUInt32BE(stored + 75),
    size,
    contentType: textOf(bytes, typeAt, encodingAt),
    contentEncoding: textOf(bytes, encodingAt, tagsAt),
    tags: tagsAt === payloadAt ? NO_TAGS : textOf(bytes, tagsAt, payloadAt).split('\n'),
    validator: fillAt === typeAt ? undefined : validatorIn(bytes, fillAt, typeAt),
    payload: ends - payloadAt === size ? bytes.subarray(payloadAt, ends) : undefined,
    isPending: bytes.readUInt8(stored + 2) >= PENDING,
  }
}

/** What a read counts as. */
export const readResult = (entry: Entry | undefined): 'hit' | 'stale' | 'negative' | 'miss' =>
  !entry ? 'miss' : entry.state === 'fresh' ? 'hit' : entry.state

const NO_TAGS: readonly string[] = []

const textOf = (bytes: Buffer, from: number, to: number): string =>
  from === to ? '' : bytes.toString('latin1', from, to)

/** What follows the first line feed of a fill. */
function validatorIn(bytes: Buffer, from: number, to: number): string | undefined {
  const at = bytes.indexOf('\n', from)
  return at === -1 || at >= to ? undefined : textOf(bytes, at + 1, to)
}

const wholeMs = (us: number): number => Math.floor(us / 1_000)

export interface ReadReply {
  /** The partition's clock: every change up to it is in this reply. -1: do not keep the reply. */
  readonly asOf: number
  readonly lease: LeaseReply
  readonly entry: Entry | undefined
}

export type LeaseReply =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'granted'
      /** What its fill shows: the token, and which of its grants this is. */
      readonly proof: string
      readonly leftMs: number
      /** The lease of the loader before ran out. */
      readonly ranOut: boolean
    }
  /**
   * Another caller loads; or none may, because the last load failed; or each may, because values of the
   * key are not stored.
   */
  | {
      readonly kind: 'held' | 'backoff' | 'pass'
      readonly retryAfterMs: number
      /** Writes to the origin hold the key: what is loaded meanwhile is not stored. */
      readonly isWritten?: true
    }

export const readScript = defineScript({
  name: 'cache.read',
  file: new URL('../scripts/read.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease'],
  args: [
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
    'keeps',
    'has_failed',
  ],
  outcomes: ['none', 'granted', 'held', 'backoff', 'granted-late', 'written', 'pass'],
  buffers: true,
  decode(reply, outcome): ReadReply {
    const [asOf, , leftMs, proof, verdict, entry] = list(reply, 6) as ReadParts
    return { asOf, lease: toLease(outcome, leftMs, proof), entry: toEntry(verdict, entry) }
  },
})

type ReadParts = [number, number, number, Buffer, Buffer, Buffer]

const NO_LEASE: LeaseReply = { kind: 'none' }

/** Replies for as many of the keys as were read, from the first on. */
export const readManyScript = defineScript({
  name: 'cache.read-many',
  file: new URL('../scripts/read-many.lua', import.meta.url),
  keys: ['clock', 'entry[]'],
  args: ['on_restart', 'space', 'idle_ms', 'max_bytes', 'reply_bytes'],
  // A hundred keys are a batch already.
  coalesce: false,
  buffers: true,
  decode(reply): ReadReply[] {
    const [asOf, bytes] = list(reply, 2) as [number, Buffer]
    const replies: ReadReply[] = []
    for (let at = 0; at < bytes.length; ) {
      const stored = at + VERDICT_BYTES
      replies.push({ asOf, lease: NO_LEASE, entry: toEntry(bytes, bytes, at, stored) })
      at = bytes[at] === 0 ? at + 1 : stored + bytes.readUInt32BE(at + 1)
    }
    return replies
  },
})

type LeaseOutcome = LeaseReply['kind'] | 'granted-late' | 'written'

function toLease(outcome: LeaseOutcome, leftMs: number, proof: unknown): LeaseReply {
  switch (outcome) {
    case 'none':
      return NO_LEASE
    case 'granted':
    case 'granted-late':
      return { kind: 'granted', proof: String(proof), leftMs, ranOut: outcome === 'granted-late' }
    case 'written':
      return { kind: 'held', retryAfterMs: leftMs, isWritten: true }
    default:
      return { kind: outcome, retryAfterMs: leftMs }
  }
}
