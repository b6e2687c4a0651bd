import type { Binder } from '../../redis/binder.js'
import { removeScript } from '../entries/write-scripts.js'
import type { MarkMetrics } from '../metrics.js'
import type { Partitions } from '../partition.js'
import { markScript, softenScript } from './scripts.js'

/** soft: stale from now on, and served while one caller loads. hard: never served again. */
export type InvalidationMode = 'soft' | 'hard'

/** Every promise settles once Redis has acknowledged; repeating a call is safe. */
export interface InvalidationStore {
  keys(
    namespace: string,
    space: string,
    keys: readonly string[],
    mode: InvalidationMode,
  ): Promise<void>
  tags(
    namespace: string,
    space: string,
    tags: readonly string[],
    mode: InvalidationMode,
  ): Promise<void>
  all(namespace: string, space: string, mode: InvalidationMode): Promise<void>
}

export interface MarkOptions {
  /** Whether the server of a clock has no room for more. */
  readonly isTight: (clock: string) => boolean
  readonly metrics: Pick<MarkMetrics, 'marked'>
  /** Every entry of the space is dead. */
  readonly onSpaceEnded: (namespace: string, space: string) => Promise<void>
}

/** Of one partition: about 1.2 MB. A soft invalidation takes up to nine, for its earlier times. */
const MAX_MARKS = 10_000

const UNWATCHED: MarkOptions = {
  isTight: () => false,
  metrics: { marked: () => undefined },
  onSpaceEnded: async () => undefined,
}

export function createInvalidationStore(
  binder: Binder,
  partitions: Partitions,
  { isTight, metrics, onSpaceEnded }: MarkOptions = UNWATCHED,
): InvalidationStore {
  const scripts = {
    remove: binder.bind(removeScript),
    soften: binder.bind(softenScript),
    mark: binder.bind(markScript),
  }

  /** Marks every partition, because any of them may hold keys of the space. */
  async function mark(
    namespace: string,
    space: string,
    tags: readonly string[],
    mode: InvalidationMode,
  ): Promise<void> {
    await allSettled(
      Array.from({ length: partitions.count }, async (_, partition) => {
        const clock = partitions.clockOf(namespace, partition)
        const absent = partitions.absentOf(namespace, partition)
        const args = {
          on_restart: partitions.onRestart(),
          space,
          hard: mode === 'hard' ? 1 : 0,
          max_marks: MAX_MARKS,
          tight: isTight(clock) ? 1 : 0,
          tags,
        }
        metrics.marked(clock, await scripts.mark({ clock, absent }, args))
      }),
    )
  }

  return {
    async keys(namespace, space, keys, mode) {
      await allSettled(
        keys.map((key) => {
          const at = partitions.keysOf(namespace, space, key)
          return mode === 'soft'
            ? scripts.soften(at, { on_restart: partitions.onRestart(), space, name: key })
            : scripts.remove(at, {
                on_restart: partitions.onRestart(),
                space,
                name: key,
                condition: '',
                idle_ms: 0,
                invalidates: 1,
              })
        }),
      )
    },
    tags: mark,
    async all(namespace, space, mode) {
      await mark(namespace, space, [], mode)
      if (mode === 'hard') await onSpaceEnded(namespace, space)
    },
  }
}

/** Waits for all calls before it throws the first error: nothing runs on after the answer. */
async function allSettled(calls: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(calls)).find(({ status }) => status === 'rejected')
  if (failed) throw (failed as PromiseRejectedResult).reason
}
