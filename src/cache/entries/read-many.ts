import type { Binder } from '../../redis/binder.js'
import type { StoreError } from '../../redis/errors.js'
import type { Partitions } from '../partition.js'
import { inGroups } from './in-groups.js'
import { type ReadReply, readManyScript } from './scripts.js'
import type { CacheKey, EntryStore } from './store.js'
import { storeErrorOrThrow } from './store-error.js'

/** About 1 ms of Redis time. */
const KEYS_PER_CALL = 128
/** A larger reply would delay every other call while it is built and sent. */
const REPLY_BYTES = 256 * 1024

/** Reads keys of one space, a script call per partition and 128 keys, in the order asked for. */
export function createReadMany(binder: Binder, partitions: Partitions): EntryStore['readMany'] {
  const readKeys = binder.bind(readManyScript)

  /** Of one partition; the script may leave the last keys to the next call. */
  function readSome(
    partition: number,
    keys: readonly CacheKey[],
    maxBytes: number,
  ): Promise<readonly (ReadReply | StoreError)[]> {
    const { namespace, space, policy } = keys[0] as CacheKey
    return readKeys(
      {
        clock: partitions.clockOf(namespace, partition),
        entry: keys.map(({ key }) => partitions.entryOf(namespace, partition, space, key)),
      },
      {
        on_restart: partitions.onRestart(),
        space,
        idle_ms: policy.idleMs,
        max_bytes: maxBytes,
        reply_bytes: REPLY_BYTES,
      },
    ).catch((error: unknown) => {
      const met = storeErrorOrThrow(error)
      return keys.map(() => met)
    })
  }

  return (keys, maxBytes) =>
    inGroups(
      keys,
      ({ space, key }) => partitions.of(space, key),
      async (partition, group) => {
        const replies: (ReadReply | StoreError)[] = []
        while (replies.length < group.length) {
          const rest = group.slice(replies.length, replies.length + KEYS_PER_CALL)
          replies.push(...(await readSome(partition, rest, maxBytes)))
        }
        return replies
      },
    )
}
