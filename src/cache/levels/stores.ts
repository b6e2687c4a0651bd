import type { FrequentKeys } from '../../metrics/frequent-keys.js'
import { type CacheStores, toStoreError } from '../guards.js'
import type { L1 } from './level.js'

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
