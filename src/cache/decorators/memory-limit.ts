import { StoreError } from '../../redis/errors.js'
import type { CacheKey } from '../entries/store.js'
import type { Partitions } from '../partition.js'
import type { CacheStores } from './cache-stores.js'

/**
 * Refuses what adds data while Redis is too full for the cache to grow: what is left belongs to the
 * locks, limits and boards of the same Redis. Reads, deletes and invalidations go on; no lease is
 * granted, because its fill would be refused.
 * @param isTightAt whether the server of a clock has no room for the cache
 */
export function withMemoryLimit(
  isTightAt: (clock: () => string) => boolean,
  partitions: Partitions,
  { entries, counters, objects, invalidation, writes, outbox }: CacheStores,
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
    writes: {
      ...writes,
      // What the origin took is loaded again once there is room.
      finish: (key, clk, taken) =>
        writes.finish(key, clk, isTight(key) ? { ...taken, value: undefined } : taken),
    },
    outbox: {
      ...outbox,
      put: (key, change) => unlessTight(key, () => outbox.put(key, change)),
    },
  }
}

const full = (): StoreError =>
  new StoreError(
    'store-full',
    'Redis is fuller than the cache may make it (LOCKSTEP_CACHE_MEMORY_RATIO); nothing was applied.',
  )
