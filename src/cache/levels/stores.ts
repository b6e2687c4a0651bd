import type { FrequentKeys } from '../../metrics/frequent-keys.js'
import { StoreError } from '../../redis/errors.js'
import type { CounterStore } from '../counters/store.js'
import type { ReadGuard } from '../entries/read-guard.js'
import type { ReadReply } from '../entries/scripts.js'
import type {
  CacheKey,
  EntryStore,
  LeaseWish,
  LeveledReply,
  ReadOptions,
} from '../entries/store.js'
import type { InvalidationStore } from '../invalidation/store.js'
import type { ObjectStore } from '../objects/store.js'
import type { L1 } from './level.js'

export interface CacheStores {
  readonly entries: EntryStore
  readonly counters: CounterStore
  readonly objects: ObjectStore
  readonly invalidation: InvalidationStore
}

/** What becomes of a lease that was won by a read whose caller was answered without it. */
export type Forfeit = (key: CacheKey, wish: LeaseWish, reply: ReadReply) => void

/** The guard of the server that holds a key: one that is silent says nothing of the others. */
export type GuardOf = (key: CacheKey) => ReadGuard

/** The stores with a bound on how long a read may take. */
export const withReadGuard = (
  guardOf: GuardOf,
  forfeit: Forfeit,
  { entries, counters, objects, invalidation }: CacheStores,
): CacheStores => ({
  entries: {
    ...entries,
    read: (key, options) =>
      options?.lease
        ? readOrForfeit(guardOf(key), forfeit, entries, key, { ...options, lease: options.lease })
        : guardOf(key).run(() => entries.read(key, options)),
    readMany: (keys, maxBytes) => readManyGuarded(guardOf, entries, keys, maxBytes),
  },
  counters: { ...counters, read: (key) => guardOf(key).run(() => counters.read(key)) },
  objects: { ...objects, read: (key, names) => guardOf(key).run(() => objects.read(key, names)) },
  invalidation,
})

/** A call per server, so that none waits for another. */
async function readManyGuarded(
  guardOf: GuardOf,
  entries: Pick<EntryStore, 'readMany'>,
  keys: readonly CacheKey[],
  maxBytes: number,
): Promise<(LeveledReply | StoreError)[]> {
  const groups = new Map<ReadGuard, number[]>()
  for (const [i, key] of keys.entries()) {
    const guard = guardOf(key)
    const group = groups.get(guard)
    if (group) group.push(i)
    else groups.set(guard, [i])
  }
  const replies: (LeveledReply | StoreError)[] = []
  await Promise.all(
    [...groups].map(async ([guard, group]) => {
      const asked = group.map((i) => keys[i] as CacheKey)
      const found = await guard
        .run(() => entries.readMany(asked, maxBytes))
        .catch((error: unknown) => {
          const met = toStoreError(error)
          return asked.map(() => met)
        })
      for (const [j, reply] of found.entries()) replies[group[j] as number] = reply
    }),
  )
  return replies
}

/** A read that was given up may still win the lease, which nobody would ever hear of. */
function readOrForfeit(
  guard: ReadGuard,
  forfeit: Forfeit,
  entries: Pick<EntryStore, 'read'>,
  key: CacheKey,
  options: ReadOptions & { readonly lease: LeaseWish },
): Promise<LeveledReply> {
  let isGivenUp = false
  const bounded = guard.run(() => {
    const reply = entries.read(key, options)
    reply.then(
      (late) => isGivenUp && forfeit(key, options.lease, late),
      () => undefined,
    )
    return reply
  })
  bounded.catch(() => {
    isGivenUp = true
  })
  return bounded
}

/**
 * The stores with the memory of the process in front. Whatever changes something is forgotten before
 * it is sent and before it is answered, also where its outcome is unknown: a caller that was told
 * of its own change must not read what was there before. Hot keys are those that either is asked for.
 */
export function withL1(
  { l1, hotKeys }: { readonly l1: L1; readonly hotKeys: FrequentKeys },
  { entries, counters, objects, invalidation }: CacheStores,
): CacheStores {
  async function around<T>(forget: () => void, change: () => Promise<T>): Promise<T> {
    forget()
    try {
      return await change()
    } finally {
      forget()
    }
  }

  return {
    entries: {
      read(key, options = {}) {
        hotKeys.saw(key.namespace, key.space, key.key)
        // Memory keeps whole values, also of one that this caller has.
        const whole = key.policy.l1 === 'off' ? options : { ...options, have: undefined }
        return l1.read(key, options, () => entries.read(key, whole))
      },
      async readMany(keys, maxBytes) {
        if (keys[0]?.policy.l1 !== 'off') {
          return Promise.all(keys.map((key) => this.read(key, { maxBytes }).catch(toStoreError)))
        }
        for (const { namespace, space, key } of keys) hotKeys.saw(namespace, space, key)
        return entries.readMany(keys, maxBytes)
      },
      write: (key, options) =>
        around(
          () => l1.changeKey(key),
          () => entries.write(key, options),
        ),
      touch: (key, ttlMs, condition) =>
        around(
          () => l1.changeKey(key),
          () => entries.touch(key, ttlMs, condition),
        ),
      remove: (key, condition) =>
        around(
          () => l1.changeKey(key),
          () => entries.remove(key, condition),
        ),
    },
    counters: {
      incr: (key, options) =>
        around(
          () => l1.changeKey(key),
          () => counters.incr(key, options),
        ),
      read: counters.read,
    },
    objects: {
      patch: (key, options) =>
        around(
          () => l1.changeKey(key),
          () => objects.patch(key, options),
        ),
      read: objects.read,
    },
    invalidation: {
      keys: (namespace, space, keys, mode) =>
        around(
          () => {
            for (const key of keys) l1.changeKey({ namespace, space, key })
          },
          () => invalidation.keys(namespace, space, keys, mode),
        ),
      tags: (namespace, space, tags, mode) =>
        around(
          () => l1.changeNames(namespace, space, tags),
          () => invalidation.tags(namespace, space, tags, mode),
        ),
      all: (namespace, space, mode) =>
        around(
          () => l1.changeNames(namespace, space, []),
          () => invalidation.all(namespace, space, mode),
        ),
    },
  }
}

/** @throws whatever is none. */
function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  throw error
}
