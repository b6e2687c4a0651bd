import type { SpaceName } from '../spaces/usage.js'
import type { CacheStores } from './cache-stores.js'

const REFUSED = { kind: 'outbox-pending' } as const

/**
 * Changes nothing in spaces whose writes have yet to reach an origin that this process does not know. Its
 * invalidations still pass: they take effect once the writes are delivered.
 */
export function withReadOnly(
  isReadOnly: (space: SpaceName) => boolean,
  { entries, counters, objects, writes, ...others }: CacheStores,
): CacheStores {
  const unless = <T>(key: SpaceName, change: () => Promise<T>): Promise<T | typeof REFUSED> =>
    isReadOnly(key) ? Promise.resolve(REFUSED) : change()
  return {
    ...others,
    entries: {
      ...entries,
      write: (key, options) => unless(key, () => entries.write(key, options)),
      remove: (key, condition) => unless(key, () => entries.remove(key, condition)),
      async touch(key, ttlMs, condition) {
        if (isReadOnly(key)) return { state: 'outbox-pending', version: 0 }
        return entries.touch(key, ttlMs, condition)
      },
    },
    counters: {
      ...counters,
      incr: (key, options) => unless(key, () => counters.incr(key, options)),
    },
    objects: {
      ...objects,
      patch: (key, options) => unless(key, () => objects.patch(key, options)),
    },
    writes: { ...writes, begin: (key, options) => unless(key, () => writes.begin(key, options)) },
  }
}
