import { list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type Entry, toEntry } from './entry.js'

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
