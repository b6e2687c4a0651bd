import type { Client } from '../../domain.js'
import { StoreError } from '../../redis/errors.js'
import type { Entry, LeaseReply } from '../entries/scripts.js'
import type { CacheKey, EntryStore, LeveledReply, ReadOptions } from '../entries/store.js'
import { storeErrorOrThrow } from '../entries/store-error.js'
import type { LeasedReads } from '../leases/leased-reads.js'
import type { CacheMetrics, ReadResult } from '../metrics.js'
import {
  type LoadFailure,
  type LoadingReply,
  type LoadNote,
  resultOf,
} from '../origins/loading/reply.js'
import type { SpaceName } from '../spaces/usage.js'
import { type Failed, settleChunks, toFailed } from './settle.js'

/** What a read of many found for one key. */
export type Found =
  | {
      readonly kind: 'read'
      readonly entry: Entry | undefined
      readonly lease: LeaseReply
      readonly level: LeveledReply['level']
      readonly loaded?: LoadNote | undefined
    }
  /** The origin of the space gave no value. */
  | { readonly kind: 'not-loaded'; readonly failure: LoadFailure }
  /** The answer is full: the value was left out, or the key was not read. */
  | { readonly kind: 'deferred'; readonly lease: LeaseReply }
  | Failed

export const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/** A larger value is read by itself, once the answer is known to have room for it. */
export const AT_ONCE_BYTES = 64 * 1024

const DEFERRED: Found = { kind: 'deferred', lease: { kind: 'none' } }

/** Counts the bytes of one answer. The first value always fits, so that a client makes progress. */
export class AnswerBudget {
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

/**
 * Reads one key for an answer of limited size.
 * @param read where it is read from
 */
export async function readInto(
  budget: AnswerBudget,
  store: EntryStore,
  key: CacheKey,
  read: (options: ReadOptions) => Promise<LoadingReply>,
): Promise<Found> {
  if (budget.isFull) return DEFERRED
  return takeIn(budget, store, key, await read({ maxBytes: AT_ONCE_BYTES }))
}

/** Counts the reads of one space together: counting each costs a tenth of the request. */
export function countReads(metrics: CacheMetrics, space: SpaceName, found: readonly Found[]): void {
  const counts = new Map<LeveledReply['level'], Partial<Record<ReadResult, number>>>()
  for (const one of found) {
    if (one.kind !== 'read') continue
    const results = counts.get(one.level) ?? {}
    counts.set(one.level, results)
    const result = resultOf(one)
    results[result] = (results[result] ?? 0) + 1
  }
  for (const [level, results] of counts) {
    for (const [result, count] of Object.entries(results)) {
      metrics.read(space, result as ReadResult, level, count)
    }
  }
}

/** Synchronous where the reply has the value, which is most often so. */
function takeIn(
  budget: AnswerBudget,
  store: EntryStore,
  key: CacheKey,
  { entry, lease, level, loaded, failure }: LoadingReply,
): Found | Promise<Found> {
  if (failure) return { kind: 'not-loaded', failure }
  if (entry?.kind !== 'bytes' || entry.state === 'negative') {
    return { kind: 'read', entry, lease, level, loaded }
  }
  if (!budget.take(entry.size)) return { kind: 'deferred', lease }
  if (entry.payload) return { kind: 'read', entry, lease, level, loaded }
  return readAlone(store, key, lease)
}

/** @param lease that the first read won: the caller gets it also where this read fails */
async function readAlone(store: EntryStore, key: CacheKey, lease: LeaseReply): Promise<Found> {
  try {
    const again = await store.read(key, { maxBytes: MAX_ANSWER_BYTES })
    return { kind: 'read', entry: again.entry, lease, level: again.level }
  } catch (error) {
    if (error instanceof StoreError && lease.kind === 'granted') return { kind: 'deferred', lease }
    throw error
  }
}

/** The offer of a caller to load what is missing. */
export interface Asking {
  readonly leases: Pick<LeasedReads, 'ask' | 'abandon'>
  /** Chosen by the caller, one per key. */
  readonly tokens: readonly string[] | undefined
  readonly client: Client
}

/** Reads of many keys of one space, in the order asked for. */
export type ReadMany = (
  keys: readonly CacheKey[],
  from: number,
) => Promise<readonly (LoadingReply | StoreError)[]>

/**
 * In the order asked; at most 8 MiB of values.
 * @param asking if the caller offers to load: each key is then a call, sent together with the others.
 * Leases under our own tokens are given up if the client is gone.
 * @param read where keys are read from, without an offer to load; by default the store
 */
export async function readMany(
  store: EntryStore,
  keys: readonly CacheKey[],
  asking?: Asking,
  read: ReadMany = (chunk) => store.readMany(chunk, AT_ONCE_BYTES),
): Promise<Found[]> {
  const found = await readChunks(store, keys, asking ? askEach(asking) : read)
  if (asking?.client.destroyed) {
    const isOwn = asking.tokens !== undefined
    for (const [i, one] of found.entries()) {
      if ('lease' in one) asking.leases.abandon(keys[i] as CacheKey, { isOwn }, one)
    }
  }
  return found
}

function readChunks(
  store: EntryStore,
  keys: readonly CacheKey[],
  read: ReadMany,
): Promise<Found[]> {
  const budget = new AnswerBudget()
  return settleChunks<CacheKey, Found>(keys, async (chunk, from) => {
    if (budget.isFull) return chunk.map(() => DEFERRED)
    const replies = await read(chunk, from)
    const found: Found[] = []
    const lacking: Promise<unknown>[] = []
    for (const [i, reply] of replies.entries()) {
      const one =
        reply instanceof StoreError
          ? toFailed(reply)
          : takeIn(budget, store, chunk[i] as CacheKey, reply)
      if ('kind' in one) found[i] = one
      else lacking.push(one.catch(toFailed).then((late) => (found[i] = late)))
    }
    await Promise.all(lacking)
    return found
  })
}

const askEach =
  ({ leases, tokens }: Asking): ReadMany =>
  (keys, from) =>
    Promise.all(
      keys.map((key, i) =>
        leases
          .ask(key, { maxBytes: AT_ONCE_BYTES }, { token: tokens?.[from + i] })
          .catch(storeErrorOrThrow),
      ),
    )
