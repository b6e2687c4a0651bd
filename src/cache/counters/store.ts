import type { Binder } from '../../redis/binder.js'
import { fenceArg } from '../../redis/fence.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { type Condition, conditionArg, UNCONDITIONAL } from '../condition.js'
import { kindNumber } from '../entries/scripts.js'
import type { CacheKey } from '../entries/store.js'
import { type FieldsReply, fieldsScript } from '../objects/scripts.js'
import type { Partitions } from '../partition.js'
import { type IncrReply, incrScript } from './scripts.js'

export interface IncrOptions {
  /** Within 64 bits, as is `initial`. */
  readonly by: bigint
  /** What a counter that is not there counts from. */
  readonly initial: bigint
  /** Life of a counter that begins: later additions never move its end. */
  readonly ttlMs?: number | undefined
  readonly condition?: Condition
  readonly idempotency?: Idempotency | undefined
}

export interface CounterStore {
  incr(key: CacheKey, options: IncrOptions): Promise<IncrReply>
  /** The count is the one field that is found. */
  read(key: CacheKey): Promise<FieldsReply>
}

export function createCounterStore(binder: Binder, partitions: Partitions): CounterStore {
  const scripts = { incr: binder.bind(incrScript), fields: binder.bind(fieldsScript) }

  return {
    incr(
      { namespace, space, key, policy },
      { by, initial, ttlMs, condition = UNCONDITIONAL, idempotency },
    ) {
      const first = initial + by
      return scripts.incr(partitions.keysOf(namespace, space, key, idempotency, condition.fence), {
        on_restart: partitions.onRestart(),
        space,
        name: key,
        by: by.toString(),
        first: BigInt.asIntN(64, first) === first ? first.toString() : '',
        ttl_ms: ttlMs ?? policy.ttlMs,
        idle_ms: policy.idleMs,
        condition: conditionArg(condition),
        fingerprint: idempotency?.fingerprint ?? '',
        record_ttl_ms: idempotency?.ttlMs ?? 0,
        fence: fenceArg(condition.fence),
      })
    },

    read({ namespace, space, key, policy }) {
      return scripts.fields(partitions.keysOf(namespace, space, key), {
        on_restart: partitions.onRestart(),
        space,
        kind: kindNumber('counter'),
        idle_ms: policy.idleMs,
        names: ['n'],
      })
    },
  }
}
