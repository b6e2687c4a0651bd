import type { Entry, ReadReply } from '../entries/scripts.js'
import type { CacheKey } from '../entries/store.js'
import type { L1Policy } from '../spaces/policy.js'
import type { CoherenceTracker, Judged, Snapshot } from './coherence-tracker.js'
import { createEvictionPolicy } from './eviction/policies.js'
import type { Evictable, EvictionPolicy } from './eviction/policy.js'

/** A value in memory, as its read returned it. */
export interface Kept extends Evictable, Judged {
  readonly entry: Entry
  /** When the read was sent, on the local clock: times in the entry count from there. */
  readonly readAt: number
}

/** A read whose reply is shared by the callers that ask meanwhile. */
export interface InFlightRead {
  readonly since: Snapshot
  readonly reply: Promise<ReadReply>
}

/** What one process keeps of one space. */
export interface SpaceCache {
  readonly namespace: string
  readonly space: string
  readonly policy: L1Policy
  /** Besides the bytes of the values. */
  readonly fixedBytes: number
  /** Grows with each use. */
  usedAt: number
  readonly values: EvictionPolicy<Kept>
  readonly inFlight: Map<string, InFlightRead>
}

export const createSpaceCache = (
  namespace: string,
  space: string,
  policy: L1Policy,
  onEvict: () => void,
): SpaceCache => ({
  namespace,
  space,
  policy,
  fixedBytes: SPACE_BYTES + (policy.eviction === 'lfu' ? policy.maxEntries * SKETCH_BYTES : 0),
  usedAt: 0,
  values: createEvictionPolicy<Kept>(policy.eviction, { ...policy, onEvict }),
  inFlight: new Map(),
})

/** About the size of an empty space. */
const SPACE_BYTES = 2_000
/** Of the sketch of lfu, at most, per entry. */
const SKETCH_BYTES = 32

/** About the size of an entry without its texts and its payload. */
const OVERHEAD_BYTES = 400

const weightOf = (key: string, { contentType, tags, payload }: Entry): number =>
  OVERHEAD_BYTES +
  2 * (key.length + contentType.length + tags.reduce((sum, tag) => sum + tag.length, 0)) +
  (payload?.length ?? 0)

/** Which read brought a value, and when it was sent on the local clock, in milliseconds. */
export interface ReadAt extends Pick<CacheKey, 'space' | 'key'>, Pick<Kept, 'since' | 'readAt'> {}

/**
 * Keeps what a read brought, unless something may have changed since it was sent.
 * @param mostMs serve it no longer than this
 * @returns undefined where it may not be kept
 */
export function keep(
  cache: SpaceCache,
  tracker: CoherenceTracker,
  { space, key, since, readAt }: ReadAt,
  { asOf, entry }: ReadReply,
  mostMs: number,
): Kept | undefined {
  const isWhole = entry?.kind === 'bytes' && (entry.payload || entry.state === 'negative')
  if (!isWhole || entry.state === 'stale' || !tracker.admits(since, asOf)) return undefined
  const kept: Kept = {
    space,
    tags: entry.tags,
    asOf,
    since,
    readAt,
    entry: { ...entry, validator: undefined, payload: entry.payload && unpinned(entry.payload) },
    weight: weightOf(key, entry),
    expiresAt: readAt + Math.min(entry.ttlMs, mostMs),
  }
  cache.values.set(key, kept)
  return kept
}

/** A slice of what the network brought holds all of it in memory: a small slice is copied. */
function unpinned(payload: Buffer): Buffer {
  if (payload.buffer.byteLength <= 2 * payload.length) return payload
  const copy = Buffer.allocUnsafeSlow(payload.length)
  payload.copy(copy)
  return copy
}

/** The entry as of now. */
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
    isPending: entry.isPending === true,
  }
}
