import { randomInt } from 'node:crypto'
import type { Fence } from '../redis/fence.js'
import type { Idempotency } from '../redis/idempotency.js'
import { redisKey } from '../redis/keys.js'
import { cachePartition, type Layout } from '../redis/layout.js'

/** What a restart or promotion of Redis does to entries, which may be older than callers have seen. */
export type OnRestart = 'flush' | 'soft' | 'keep'

const EPOCHS = 2 ** 48 - 1

/**
 * A namespace's keys are spread over partitions, each with one clock in one Cluster slot. The number
 * of partitions is fixed for the life of the data: another number would look for keys elsewhere.
 */
export class Partitions {
  readonly #layout: Layout
  readonly #onRestart: OnRestart

  constructor(layout: Layout, onRestart: OnRestart) {
    this.#layout = layout
    this.#onRestart = onRestart
  }

  get count(): number {
    return this.#layout.cachePartitions
  }

  /** An argument of every script: the mode, and a random epoch, which is never used twice. */
  onRestart(): string {
    return `${this.#onRestart} ${randomInt(1, EPOCHS)}`
  }

  /** The number of the partition that a key is in. */
  of(space: string, key: string): number {
    return cachePartition(this.#layout, space, key)
  }

  /**
   * @param idempotency of a change, whose digest is no free text
   * @param fence that it came with
   */
  keysOf(namespace: string, space: string, key: string, idempotency?: Idempotency, fence?: Fence) {
    const tag = `c${this.of(space, key)}`
    // The space holds no colon, so the two can never run into one another.
    const name = `${space}:${key}`
    return {
      clock: redisKey(namespace, tag, 'clock'),
      entry: redisKey(namespace, tag, 'entry', name),
      lease: redisKey(namespace, tag, 'lease', name),
      values: redisKey(namespace, tag, 'values', name),
      record: idempotency && redisKey(namespace, tag, 'record', idempotency.digest),
      fences: fence && redisKey(namespace, tag, 'fences', name),
    }
  }

  entryOf(namespace: string, partition: number, space: string, key: string): string {
    return redisKey(namespace, `c${partition}`, 'entry', `${space}:${key}`)
  }

  /** The outbox of a space in one partition, see scripts/lib/outbox.lua. */
  outboxOf(namespace: string, partition: number, space: string) {
    const tag = `c${partition}`
    return {
      outbox: redisKey(namespace, tag, 'outbox', space),
      ages: redisKey(namespace, tag, 'outbox-ages', space),
      pending: redisKey(namespace, tag, 'outbox-pending', space),
      deliverer: redisKey(namespace, tag, 'outbox-deliverer', space),
    }
  }

  clockOfKey({ namespace, space, key }: Record<'namespace' | 'space' | 'key', string>): string {
    return this.clockOf(namespace, this.of(space, key))
  }

  clockOf(namespace: string, partition: number): string {
    return redisKey(namespace, `c${partition}`, 'clock')
  }

  /** A key in the slot of the clock that never exists. */
  absentOf(namespace: string, partition: number): string {
    return redisKey(namespace, `c${partition}`, 'absent')
  }
}
