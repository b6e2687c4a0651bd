import { randomInt } from 'node:crypto'
import type { Idempotency } from '../redis/idempotency.js'
import { redisKey } from '../redis/keys.js'
import { cachePartition, type Layout } from '../redis/layout.js'

/** What a restart or promotion of Redis does to entries, which may be older than callers have seen. */
export type OnRestart = 'flush' | 'soft' | 'keep'

const ON_RESTART: Readonly<Record<OnRestart, number>> = { keep: 0, soft: 1, flush: 2 }

interface NamedKey {
  readonly namespace: string
  readonly space: string
  readonly key: string
}

const EPOCHS = 2 ** 48 - 1

/**
 * A namespace's keys are spread over partitions, each with one clock in one Cluster slot. The number
 * of partitions is fixed for the life of the data: another number would look for keys elsewhere.
 */
export class Partitions {
  readonly #layout: Layout
  readonly #onRestart: number

  constructor(layout: Layout, onRestart: OnRestart) {
    this.#layout = layout
    this.#onRestart = ON_RESTART[onRestart]
  }

  get count(): number {
    return this.#layout.cachePartitions
  }

  /**
   * What every script wants to know about its clock. An epoch is random and never used twice. Callers
   * name both fields: to spread them into so many others makes each call a slow dictionary.
   */
  clockArgs(): { seed: number; on_restart: number } {
    return { seed: randomInt(1, EPOCHS), on_restart: this.#onRestart }
  }

  /** The number of the partition that a key is in. */
  of(space: string, key: string): number {
    return cachePartition(this.#layout, space, key)
  }

  /** @param idempotency of a change: what makes a repeat of it known. Its digest is no free text. */
  keysOf(namespace: string, space: string, key: string, idempotency?: Idempotency) {
    const tag = `c${this.of(space, key)}`
    // The space holds no colon, so the two can never run into one another.
    const name = `${space}:${key}`
    return {
      clock: redisKey(namespace, tag, 'clock'),
      entry: redisKey(namespace, tag, 'entry', name),
      lease: redisKey(namespace, tag, 'lease', name),
      values: redisKey(namespace, tag, 'values', name),
      memo: idempotency && redisKey(namespace, tag, 'memo', idempotency.digest),
    }
  }

  entryOf(namespace: string, partition: number, space: string, key: string): string {
    return redisKey(namespace, `c${partition}`, 'entry', `${space}:${key}`)
  }

  clockOfKey({ namespace, space, key }: NamedKey): string {
    return this.clockOf(namespace, this.of(space, key))
  }

  clockOf(namespace: string, partition: number): string {
    return redisKey(namespace, `c${partition}`, 'clock')
  }
}
