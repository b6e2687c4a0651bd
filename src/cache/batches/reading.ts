import type { Client } from '../../domain.js'
import { StoreError } from '../../redis/errors.js'
import { type Entry, type LeaseReply, readResult } from '../entries/scripts.js'
import type { CacheKey, EntryStore, LeveledReply } from '../entries/store.js'
import { storeErrorOrThrow } from '../entries/store-error.js'
import type { LeasedReads } from '../leases/leased-reads.js'
import type { CacheMetrics, ReadResult } from '../metrics.js'
import type { SpaceName } from '../spaces/usage.js'
import { type Failed, settleTurns, toFailed } from './settle.js'

/** What a read of many found for one key. */
export type Found =
  | {
      readonly kind: 'read'
      readonly entry: Entry | undefined
      readonly lease: LeaseReply
      readonly level: LeveledReply['level']
    }
  /** The answer is full: the value was left out, or the key not asked for. */
  | { readonly kind: 'deferred'; readonly lease: LeaseReply }
  | Failed

export const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/** A larger value is read once the answer is known to have room for it, and by itself. */
export const AT_ONCE_BYTES = 64 * 1024

const DEFERRED: Found = { kind: 'deferred', lease: { kind: 'none' } }

/** Counts the bytes of one answer. The first value always fits: a client must get on. */
export class Room {
  #used = 0

  take(bytes: number): boolean {
    if (this.#used > 0 && this.#used + bytes > MAX_ANSWER_BYTES) return false
    this.#used += bytes
    return true
  }

  get isFull(): boolean {
    return this.#used >= MAX_ANSWER_BYTES
  }
}

/** Reads one key for an answer that has only so much room. */
export async function readInto(room: Room, store: EntryStore, key: CacheKey): Promise<Found> {
  if (room.isFull) return DEFERRED
  return takeIn(room, store, key, await store.read(key, { maxBytes: AT_ONCE_BYTES }))
}

/** Counts what was found in one space together: to count each costs a tenth of the request. */
export function countReads(metrics: CacheMetrics, space: SpaceName, found: readonly Found[]): void {
  const counts = new Map<LeveledReply['level'], Partial<Record<ReadResult, number>>>()
  for (const one of found) {
    if (one.kind !== 'read') continue
    const results = counts.get(one.level) ?? {}
    counts.set(one.level, results)
    const result = readResult(one.entry)
    results[result] = (results[result] ?? 0) + 1
  }
  for (const [level, results] of counts) {
    for (const [result, count] of Object.entries(results)) {
      metrics.read(space, result as ReadResult, level, count)
    }
  }
}

/** At once where the reply has the value: most of a hundred have. */
function takeIn(
  room: Room,
  store: EntryStore,
  key: CacheKey,
  { entry, lease, level }: LeveledReply,
): Found | Promise<Found> {
  if (entry?.kind !== 'bytes' || entry.state === 'negative') {
    return { kind: 'read', entry, lease, level }
  }
  if (!room.take(entry.size)) return { kind: 'deferred', lease }
  if (entry.payload) return { kind: 'read', entry, lease, level }
  return readAlone(store, key, lease)
}

/** The lease was won by the first read: its caller must hear of it, whatever this one finds. */
async function readAlone(store: EntryStore, key: CacheKey, lease: LeaseReply): Promise<Found> {
  try {
    const again = await store.read(key, { maxBytes: MAX_ANSWER_BYTES })
    return { kind: 'read', entry: again.entry, lease, level: again.level }
  } catch (error) {
    if (error instanceof StoreError && lease.kind === 'won') return { kind: 'deferred', lease }
    throw error
  }
}

/** What a caller offers that would load what is not there. */
export interface Asking {
  readonly leases: Pick<LeasedReads, 'ask' | 'abandon'>
  /** Chosen by the caller, one per key. */
  readonly tokens: readonly string[] | undefined
  readonly client: Client
}

/**
 * In the order asked; at most 8 MiB of values.
 * @param asking if the caller offers to load: each key then costs a call of its own, which travels
 * with the others. Leases of ours are given up if the client is gone.
 */
export async function readMany(
  store: EntryStore,
  keys: readonly CacheKey[],
  asking?: Asking,
): Promise<Found[]> {
  const found = await readTurns(store, keys, asking)
  if (asking?.client.destroyed) {
    const isOwn = asking.tokens !== undefined
    for (const [i, one] of found.entries()) {
      if ('lease' in one) asking.leases.abandon(keys[i] as CacheKey, { isOwn }, one)
    }
  }
  return found
}

function readTurns(
  store: EntryStore,
  keys: readonly CacheKey[],
  asking: Asking | undefined,
): Promise<Found[]> {
  const room = new Room()
  return settleTurns<CacheKey, Found>(keys, async (turn, from) => {
    if (room.isFull) return turn.map(() => DEFERRED)
    const replies = await (asking
      ? Promise.all(turn.map((key, i) => askFor(asking, key, from + i).catch(storeErrorOrThrow)))
      : store.readMany(turn, AT_ONCE_BYTES))
    const found: Found[] = []
    const lacking: Promise<unknown>[] = []
    for (const [i, reply] of replies.entries()) {
      const one =
        reply instanceof StoreError
          ? toFailed(reply)
          : takeIn(room, store, turn[i] as CacheKey, reply)
      if ('kind' in one) found[i] = one
      else lacking.push(one.catch(toFailed).then((late) => (found[i] = late)))
    }
    await Promise.all(lacking)
    return found
  })
}

const askFor = ({ leases, tokens }: Asking, key: CacheKey, index: number): Promise<LeveledReply> =>
  leases.ask(key, { maxBytes: AT_ONCE_BYTES }, { token: tokens?.[index] })
