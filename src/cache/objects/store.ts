import type { Binder } from '../../redis/binder.js'
import { fenceArg } from '../../redis/fence.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { type Condition, conditionArg, UNCONDITIONAL } from '../condition.js'
import { kindNumber } from '../entries/scripts.js'
import type { CacheKey } from '../entries/store.js'
import { jittered } from '../entries/value.js'
import type { Partitions } from '../partition.js'
import { type FieldsReply, fieldsScript, type PatchReply, patchScript } from './scripts.js'

/** A patch has at most one per field. */
export type Change =
  | { readonly verb: 'set'; readonly field: string; readonly value: string }
  | { readonly verb: 'remove'; readonly field: string; readonly value: '' }
  /** `value` is an int64, which is added to the field, or to 0 where there is none. */
  | { readonly verb: 'incr'; readonly field: string; readonly value: string }

export interface PatchOptions {
  readonly changes: readonly Change[]
  /** The object lives so long from now on; without it a present object keeps its end. */
  readonly ttlMs?: number | undefined
  readonly condition?: Condition
  readonly idempotency?: Idempotency | undefined
}

export interface ObjectStore {
  /** @param names none for all fields. */
  read(key: CacheKey, names: readonly string[]): Promise<FieldsReply>
  /** All changes or none. */
  patch(key: CacheKey, options: PatchOptions): Promise<PatchReply>
}

export const MAX_FIELDS = 1_000

export function createObjectStore(binder: Binder, partitions: Partitions): ObjectStore {
  const scripts = { fields: binder.bind(fieldsScript), patch: binder.bind(patchScript) }

  return {
    read({ namespace, space, key, policy }, names) {
      return scripts.fields(partitions.keysOf(namespace, space, key), {
        on_restart: partitions.onRestart(),
        space,
        kind: kindNumber('object'),
        idle_ms: policy.idleMs,
        names,
      })
    },

    patch(
      { namespace, space, key, policy },
      { changes, ttlMs, condition = UNCONDITIONAL, idempotency },
    ) {
      const life = (ms: number) => jittered(ms, policy.jitter)
      return scripts.patch(partitions.keysOf(namespace, space, key, idempotency, condition.fence), {
        on_restart: partitions.onRestart(),
        space,
        name: key,
        ttl_ms: ttlMs === undefined ? 0 : life(ttlMs),
        first_ttl_ms: life(ttlMs ?? policy.ttlMs),
        idle_ms: policy.idleMs,
        max_bytes: policy.maxValueBytes,
        max_fields: MAX_FIELDS,
        condition: conditionArg(condition),
        fingerprint: idempotency?.fingerprint ?? '',
        record_ttl_ms: idempotency?.ttlMs ?? 0,
        fence: fenceArg(condition.fence),
        change: changes,
      })
    },
  }
}
