import type { Binder } from '../../redis/binder.js'
import { atTimeOfRedis, type RedisClock } from '../../redis/clock.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { kindOf, toCountedLimit } from '../algorithms/algorithms.js'
import { CHANGES, changeOf, exceptionKey, limitKey, recordKey } from '../keys.js'
import type { Limit } from '../limit.js'
import { type RefundReply, refundScript, resetScript } from './scripts.js'

export interface RefundRequest {
  readonly cost: number
  /** When it was consumed, since 1970; what no longer counts is not given back. Default: now. */
  readonly takenAtMs?: number | undefined
  /** How long it counted from then on. Default: as if nothing had been consumed before. */
  readonly resetAfterMs?: number | undefined
  readonly idempotency?: Idempotency | undefined
}

/** What takes back consumption. Bounds of policies hold for calls without it. */
export interface AdjustmentStore {
  refund(namespace: string, limit: Limit, request: RefundRequest): Promise<RefundReply>
  /** @returns whether anything was consumed */
  reset(namespace: string, limit: Limit): Promise<boolean>
}

export function createAdjustmentStore(binder: Binder, clock: RedisClock): AdjustmentStore {
  const refund = binder.bind(refundScript)
  const reset = binder.bind(resetScript)

  return {
    refund(namespace, limit, { cost, takenAtMs, resetAfterMs, idempotency }) {
      const keys = {
        state: limitKey(namespace, kindOf(limit.policy), limit),
        exception: exceptionKey(namespace, limit),
        record: idempotency && recordKey(namespace, limit, 'refund', idempotency.digest),
      }
      return atTimeOfRedis(clock, (nowMs) =>
        refund(keys, {
          ...toCountedLimit(limit.policy, nowMs),
          cost,
          // The last microsecond of the millisecond: an answer told it rounded down.
          taken_us: takenAtMs === undefined ? 0 : takenAtMs * 1_000 + 999,
          until_us:
            takenAtMs === undefined || resetAfterMs === undefined
              ? 0
              : (takenAtMs + resetAfterMs) * 1_000,
          fingerprint: idempotency?.fingerprint ?? '',
          record_ttl_ms: idempotency?.ttlMs ?? 0,
          channel: CHANGES,
          message: changeOf(namespace, limit),
        }),
      )
    },

    reset(namespace, limit) {
      return reset(
        { state: limitKey(namespace, kindOf(limit.policy), limit) },
        { channel: CHANGES, message: changeOf(namespace, limit) },
      )
    },
  }
}
