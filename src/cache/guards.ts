import { Deadline } from '../redis/deadline.js'
import { StoreError } from '../redis/errors.js'
import type { CounterStore } from './counters/store.js'
import type { ReadReply } from './entries/scripts.js'
import type { CacheKey, EntryStore, LeaseWish, LeveledReply } from './entries/store.js'
import type { InvalidationStore } from './invalidation/store.js'
import type { ObjectStore } from './objects/store.js'
import type { Partitions } from './partition.js'

export interface CacheStores {
  readonly entries: EntryStore
  readonly counters: CounterStore
  readonly objects: ObjectStore
  readonly invalidation: InvalidationStore
}

/**
 * The stores, refusing what adds data while Redis is too full for the cache to grow: what is left
 * belongs to the locks, limits and boards that live there too. Reads, deletes and invalidations go on;
 * no lease is granted, for its fill would be refused.
 * @param isTightAt whether the server of a clock has no room for the cache
 */
export function withHeadRoom(
  isTightAt: (clock: () => string) => boolean,
  partitions: Partitions,
  { entries, counters, objects, invalidation }: CacheStores,
): CacheStores {
  const isTight = (key: CacheKey) => isTightAt(() => partitions.clockOfKey(key))
  const unlessTight = <T>(key: CacheKey, write: () => Promise<T>): Promise<T> =>
    isTight(key) ? Promise.reject(full()) : write()
  return {
    entries: {
      ...entries,
      read: (key, options) =>
        entries.read(
          key,
          options?.lease && isTight(key) ? { ...options, grantsNone: true } : options,
        ),
      write: (key, options) => unlessTight(key, () => entries.write(key, options)),
    },
    counters: {
      ...counters,
      incr: (key, options) => unlessTight(key, () => counters.incr(key, options)),
    },
    objects: {
      ...objects,
      patch: (key, options) => unlessTight(key, () => objects.patch(key, options)),
    },
    invalidation,
  }
}

const full = (): StoreError =>
  new StoreError(
    'store-full',
    'Redis is fuller than the cache may make it (LOCKSTEP_CACHE_MEMORY_RATIO); nothing was applied.',
  )

/**
 * Bounds how long a read may wait: a caller of a cache has a slower way to the value, and wants to
 * know soon. After a read that was given up, one at a time tries whether Redis answers again; the
 * others are refused at once, until one gets through.
 */
export class ReadGuard {
  readonly #deadline: Deadline
  #isSilent = false
  #isTrying = false

  /** @param timeoutMs after which a read is given up; its script may still run, and changes no value. */
  constructor(timeoutMs: number) {
    this.#deadline = new Deadline({
      timeoutMs,
      onMissed: () => {
        this.#isSilent = true
        return silent()
      },
      onAnswer: () => {
        this.#isSilent = false
      },
    })
  }

  /** @throws StoreError store-unavailable, or what `read` throws. */
  run<T>(read: () => Promise<T>): Promise<T> {
    if (!this.#isSilent) return this.#deadline.bound(read())
    if (this.#isTrying) return Promise.reject(silent())
    this.#isTrying = true
    const trial = read()
    const over = () => {
      this.#isTrying = false
    }
    trial.then(over, over)
    return this.#deadline.bound(trial)
  }
}

const silent = (): StoreError =>
  new StoreError('store-unavailable', 'Redis does not answer in time; nothing was read.')

/** What becomes of a lease that was won by a read whose caller was answered without it. */
export type Forfeit = (key: CacheKey, wish: LeaseWish, reply: ReadReply) => void

/** The guard of the server that holds a key: one that is silent says nothing of the others. */
export type GuardOf = (key: CacheKey) => ReadGuard

/** @param serverOf see `Reach` */
export function createGuardOf(
  timeoutMs: number,
  partitions: Pick<Partitions, 'count' | 'clockOfKey'>,
  serverOf: (clock: string) => string,
): GuardOf {
  if (partitions.count === 1) {
    const guard = new ReadGuard(timeoutMs)
    return () => guard
  }
  const guards = new Map<string, ReadGuard>()
  return (key) => {
    const server = serverOf(partitions.clockOfKey(key))
    const known = guards.get(server)
    if (known) return known
    const made = new ReadGuard(timeoutMs)
    guards.set(server, made)
    return made
  }
}

/** The stores with a bound on how long a read may take. */
export const withReadGuard = (
  guardOf: GuardOf,
  forfeit: Forfeit,
  { entries, counters, objects, invalidation }: CacheStores,
): CacheStores => ({
  entries: {
    ...entries,
    read(key, options) {
      const read = () => entries.read(key, options)
      const wish = options?.lease
      return wish
        ? readOrForfeit(guardOf(key), read, (late) => forfeit(key, wish, late))
        : guardOf(key).run(read)
    },
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
  read: () => Promise<LeveledReply>,
  forfeit: (late: LeveledReply) => void,
): Promise<LeveledReply> {
  let isGivenUp = false
  const bounded = guard.run(() => {
    const reply = read()
    reply.then(
      (late) => isGivenUp && forfeit(late),
      () => undefined,
    )
    return reply
  })
  bounded.catch(() => {
    isGivenUp = true
  })
  return bounded
}

/** @throws whatever is none. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  throw error
}
