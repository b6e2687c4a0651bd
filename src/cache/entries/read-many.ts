import type { Binder } from '../../redis/binder.js'
import { StoreError } from '../../redis/errors.js'
import type { Partitions } from '../partition.js'
import { type ReadReply, readManyScript } from './scripts.js'
import type { CacheKey } from './store.js'

export interface ReadManyOptions {
  readonly binder: Binder
  readonly partitions: Partitions
}

/** About 1 ms of Redis time. */
const KEYS_PER_CALL = 128
/** A larger reply would keep everybody else waiting while it is built and sent. */
const REPLY_BYTES = 256 * 1024

/** Reads keys of one space, a script call per partition and 128 keys, in the order asked for. */
export function createReadMany({ binder, partitions }: ReadManyOptions) {
  const readKeys = binder.bind(readManyScript)

  /** Of one partition; the script may leave the last ones to the next turn. */
  async function readTurn(
    partition: number,
    keys: readonly CacheKey[],
    maxBytes: number,
  ): Promise<(ReadReply | StoreError)[]> {
    const { namespace, space, policy } = keys[0] as CacheKey
    const { seed, on_restart } = partitions.clockArgs()
    try {
      return await readKeys(
        {
          clock: partitions.clockOf(namespace, partition),
          entry: keys.map(({ key }) => partitions.entryOf(namespace, partition, space, key)),
        },
        {
          seed,
          on_restart,
          space,
          idle_ms: policy.idleMs,
          max_bytes: maxBytes,
          reply_bytes: REPLY_BYTES,
        },
      )
    } catch (error) {
      if (error instanceof StoreError) return keys.map(() => error)
      throw error
    }
  }

  return async (
    keys: readonly CacheKey[],
    maxBytes: number,
  ): Promise<(ReadReply | StoreError)[]> => {
    const replies: (ReadReply | StoreError)[] = []
    const groups = new Map<number, number[]>()
    for (const [i, { space, key }] of keys.entries()) {
      const partition = partitions.of(space, key)
      const group = groups.get(partition)
      if (group) group.push(i)
      else groups.set(partition, [i])
    }
    await Promise.all(
      [...groups].map(async ([partition, group]) => {
        for (let from = 0; from < group.length; ) {
          const turn = group.slice(from, from + KEYS_PER_CALL)
          const found = await readTurn(
            partition,
            turn.map((i) => keys[i] as CacheKey),
            maxBytes,
          )
          for (const [j, reply] of found.entries()) replies[turn[j] as number] = reply
          from += found.length
        }
      }),
    )
    return replies
  }
}
