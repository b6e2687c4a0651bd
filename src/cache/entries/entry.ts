import { wordOf } from '../../redis/reply.js'

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
