import type { Binder } from '../../redis/binder.js'
import { atTimeOfRedis, type RedisClock } from '../../redis/clock.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { kindOf, toCountedLimit } from '../algorithms/algorithms.js'
import { CHANGES, changeOf, exceptionKey, limitKey, recordKey } from '../keys.js'
import type { Limit } from '../limit.js'
import { refundScript, resetScript } from './scripts.js'

interface RefundRequest {
  readonly cost: number
  /** When it was consumed, since 1970; usage that no longer counts is not given back. Default: now. */
  readonly takenAtMs?: number | undefined
  /** How long it counted from then on. Default: as if nothing had been consumed before. */
  readonly resetAfterMs?: number | undefined
  readonly idempotency?: Idempotency | undefined
}

/** Takes back usage. The bounds of a policy hold for calls without it. */
export function createAdjustmentStore(binder: Binder, clock: RedisClock) {
  const refund = binder.bind(refundScript)
  const reset = binder.bind(resetScript)

  return {
    refund(namespace: string, limit: Limit, request: RefundRequest) {
      const { cost, takenAtMs, resetAfterMs, idempotency } = request
      const keys = {
        state: limitKey(namespace, kindOf(limit.policy), limit),
        exception: exceptionKey(namespace, limit),
        record: idempotency && recordKey(namespace, limit, 'refund', idempotency.digest),
      }
      return atTimeOfRedis(clock, (nowMs) =>
        refund(keys, {
          ...toCountedLimit(limit.policy, nowMs),
          cost,
          // The last microsecond of the millisecond, because answers round takenAtMs down.
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

    /** @returns whether there was any usage */
    reset: (namespace: string, limit: Limit) =>
      reset(
        { state: limitKey(namespace, kindOf(limit.policy), limit) },
        { channel: CHANGES, message: changeOf(namespace, limit) },
      ),
  }
}
