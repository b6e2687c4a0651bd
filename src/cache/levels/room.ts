import type { Entry, ReadReply } from '../entries/scripts.js'
import type { L1Policy } from '../spaces/policy.js'
import type { Judged, Partition, Snapshot } from './partition.js'
import { createShelf, type Shelf, type Shelved } from './shelf.js'

/** A value in memory, as its read returned it. */
export interface Kept extends Shelved, Judged {
  readonly entry: Entry
  /** When the read was sent, on the local clock: times in the entry count from there. */
  readonly readAt: number
}

/** A read that is under way. */
export interface Flight {
  readonly since: Snapshot
  readonly reply: Promise<ReadReply>
}

/** What one process keeps of one space. */
export interface Room {
  readonly namespace: string
  readonly space: string
  readonly policy: L1Policy
  /** Besides what the shelf counts. */
  readonly fixedBytes: number
  /** Grows with each use. */
  usedAt: number
  readonly shelf: Shelf<Kept>
  readonly flights: Map<string, Flight>
}

export const createRoom = (
  namespace: string,
  space: string,
  policy: L1Policy,
  onEvict: () => void,
): Room => ({
  namespace,
  space,
  policy,
  fixedBytes: ROOM_BYTES + (policy.policy === 'lfu' ? policy.maxEntries * SKETCH_BYTES : 0),
  usedAt: 0,
  shelf: createShelf<Kept>(policy.policy, { ...policy, onEvict }),
  flights: new Map(),
})

/** About what a space takes with nothing in it. */
const ROOM_BYTES = 2_000
/** Of the sketch of lfu, at most, per entry. */
const SKETCH_BYTES = 32

/** About what an entry takes beside its texts and its payload. */
const OVERHEAD_BYTES = 400

const weightOf = (key: string, { contentType, tags, payload }: Entry): number =>
  OVERHEAD_BYTES +
  2 * (key.length + contentType.length + tags.reduce((sum, tag) => sum + tag.length, 0)) +
  (payload?.length ?? 0)

/**
 * Keeps what a read brought, unless something may have changed since it was sent.
 * @param readAt when it was sent, on the local clock in milliseconds
 * @param mostMs serve it no longer than this
 * @returns what it was given to keep; undefined where it may not be kept
 */
export function keep(
  room: Room,
  partition: Partition,
  at: {
    readonly space: string
    readonly key: string
    readonly since: Snapshot
    readonly readAt: number
  },
  { asOf, entry }: ReadReply,
  mostMs: number,
): Kept | undefined {
  const isWhole = entry?.kind === 'bytes' && (entry.payload || entry.state === 'negative')
  if (!entry || !isWhole || entry.state === 'stale' || !partition.admits(at.since, asOf)) {
    return undefined
  }
  const { space, key, since, readAt } = at
  const kept: Kept = {
    space,
    tags: entry.tags,
    asOf,
    since,
    readAt,
    entry: { ...entry, payload: entry.payload && unpinned(entry.payload) },
    weight: weightOf(key, entry),
    expiresAt: readAt + Math.min(entry.ttlMs, mostMs),
  }
  room.shelf.set(key, kept)
  return kept
}

/** A slice of what the network brought keeps all of it in memory. */
function unpinned(payload: Buffer): Buffer {
  if (payload.buffer.byteLength <= 2 * payload.length) return payload
  const copy = Buffer.allocUnsafeSlow(payload.length)
  payload.copy(copy)
  return copy
}

/** The entry as it stands now. */
export function aged({ entry, readAt }: Kept, now: number): Entry {
  const passed = Math.max(0, Math.round(now - readAt))
  const ttlMs = entry.ttlMs - passed
  return {
    state: entry.state === 'fresh' && ttlMs <= 0 ? 'stale' : entry.state,
    kind: entry.kind,
    version: entry.version,
    ageMs: entry.ageMs + passed,
    ttlMs,
    servedMs: Math.max(0, entry.servedMs - passed),
    loadMs: entry.loadMs,
    size: entry.size,
    contentType: entry.contentType,
    contentEncoding: entry.contentEncoding,
    tags: entry.tags,
    payload: entry.payload,
  }
}
