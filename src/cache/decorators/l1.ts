import type { FrequentKeys } from '../../metrics/frequent-keys.js'
import { storeErrorOrThrow } from '../entries/store-error.js'
import type { L1 } from '../l1/l1.js'
import type { CacheStores } from './cache-stores.js'

type Key = Parameters<L1['changeKey']>[0]

/**
 * Puts the memory of the process in front. A change drops what memory has of its keys before it is
 * sent and again before it is answered, also where its outcome is unknown: a caller never reads what
 * was there before its own change. Hot keys count the reads that memory answers as well.
 */
export function withL1(
  { l1, hotKeys }: { readonly l1: L1; readonly hotKeys: FrequentKeys },
  { entries, counters, objects, invalidation, writes, outbox }: CacheStores,
): CacheStores {
  async function around<T>(drop: () => void, change: () => Promise<T>): Promise<T> {
    drop()
    try {
      return await change()
    } finally {
      drop()
    }
  }
  const changing = <T>(key: Key, change: () => Promise<T>) =>
    around(() => l1.changeKey(key), change)

  return {
    entries: {
      read(key, options = {}) {
        if (!options.isUncounted) hotKeys.saw(key.namespace, key.space, key.key)
        if (!key.policy.l1.enabled) return l1.read(key, options, () => entries.read(key, options))
        // Memory keeps whole values, also one that this caller has.
        return l1.read(key, options, () => entries.read(key, { ...options, have: undefined }))
      },
      async readMany(keys, maxBytes) {
        if (keys[0]?.policy.l1.enabled) {
          return Promise.all(
            keys.map((key) => this.read(key, { maxBytes }).catch(storeErrorOrThrow)),
          )
        }
        for (const { namespace, space, key } of keys) hotKeys.saw(namespace, space, key)
        return entries.readMany(keys, maxBytes)
      },
      write: (key, options) => changing(key, () => entries.write(key, options)),
      touch: (key, ttlMs, condition) => changing(key, () => entries.touch(key, ttlMs, condition)),
      remove: (key, condition) => changing(key, () => entries.remove(key, condition)),
    },
    counters: {
      ...counters,
      incr: (key, options) => changing(key, () => counters.incr(key, options)),
    },
    objects: {
      ...objects,
      patch: (key, options) => changing(key, () => objects.patch(key, options)),
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
    writes: {
      begin: (key, options) => changing(key, () => writes.begin(key, options)),
      finish: (key, clk, taken) => changing(key, () => writes.finish(key, clk, taken)),
      refused: (key, clk) => changing(key, () => writes.refused(key, clk)),
      unknown: (key, clk, ms) => changing(key, () => writes.unknown(key, clk, ms)),
    },
    outbox: {
      ...outbox,
      put: (key, change) => changing(key, () => outbox.put(key, change)),
      settle: (key, settling) => changing(key, () => outbox.settle(key, settling)),
      discard: (key) => changing(key, () => outbox.discard(key)),
    },
  }
}
