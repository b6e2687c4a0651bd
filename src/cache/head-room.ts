import { StoreError } from '../redis/errors.js'
import type { CacheKey } from './entries/store.js'
import type { CacheStores } from './levels/stores.js'

/**
 * The stores, refusing what adds data while Redis is too full for the cache to grow: what is left
 * belongs to the locks, limits and boards that live there too. Reads, deletes and invalidations go on;
 * no lease is granted, for its fill would be refused.
 * @param isTight whether the server of a key has no room for the cache
 */
export function withHeadRoom(
  isTight: (key: CacheKey) => boolean,
  { entries, counters, objects, invalidation }: CacheStores,
): CacheStores {
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
