import type { CounterStore } from '../counters/store.js'
import type { EntryStore } from '../entries/store.js'
import type { InvalidationStore } from '../invalidation/store.js'
import type { ObjectStore } from '../objects/store.js'
import type { L1 } from './level.js'

export interface CacheStores {
  readonly entries: EntryStore
  readonly counters: CounterStore
  readonly objects: ObjectStore
  readonly invalidation: InvalidationStore
}

/**
 * The stores with the memory of the process in front. Whatever changes something is forgotten before
 * it is sent and before it is answered, also where its outcome is unknown: a caller that was told
 * of its own change must not read what was there before.
 */
export function withL1(
  l1: L1,
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
      read: (key, options = {}) => l1.read(key, options, () => entries.read(key, options)),
      write: (key, options) =>
        around(
          () => l1.changeKey(key),
          () => entries.write(key, options),
        ),
      remove: (key, match) =>
        around(
          () => l1.changeKey(key),
          () => entries.remove(key, match),
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
