import type { Binder } from '../../redis/binder.js'
import { atTimeOfRedis, type RedisClock } from '../../redis/clock.js'
import { unavailable } from '../../redis/errors.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { randomToken } from '../../redis/random.js'
import { remainingMs } from '../../redis/remaining.js'
import { kindOf, toEnforcedLimit } from '../algorithms/algorithms.js'
import { CHANGES, changeOf, exceptionKey, limitKey, recordKey, reservationKey } from '../keys.js'
import type { Limit } from '../limit.js'
import type { Circuits } from '../outage/circuit.js'
import { reserveScript, settleScript } from './scripts.js'

interface ReserveRequest {
  readonly cost: number
  /** Time to settle it; afterwards the cost stays consumed. */
  readonly ttlMs: number
  readonly idempotency?: Idempotency | undefined
}

interface SettleRequest {
  readonly id: string
  /** Actual cost; 0 cancels. */
  readonly actual: number
  readonly idempotency?: Idempotency | undefined
}

/**
 * A cost that is consumed before it is known, and settled once.
 * @param circuits those of checks: a silent server is not asked, so no caller waits for a time-out
 */
export function createReservationStore(binder: Binder, clock: RedisClock, circuits: Circuits) {
  const reserve = binder.bind(reserveScript)
  const settle = binder.bind(settleScript)

  const keysOf = (namespace: string, limit: Limit, id: string, record: string | undefined) => ({
    state: limitKey(namespace, kindOf(limit.policy), limit),
    exception: exceptionKey(namespace, limit),
    reservation: reservationKey(namespace, limit, id),
    record,
  })

  return {
    async reserve(namespace: string, limit: Limit, { cost, ttlMs, idempotency }: ReserveRequest) {
      const id = randomToken()
      const record = idempotency && recordKey(namespace, limit, 'reserve', idempotency.digest)
      const keys = keysOf(namespace, limit, id, record)
      const circuit = circuits.of(keys.state)
      if (circuit.isOpen) throw unavailable()
      const sentAt = performance.now()
      const reply = await circuit.run(() =>
        atTimeOfRedis(clock, (nowMs) =>
          reserve(keys, {
            ...toEnforcedLimit(limit, nowMs),
            shadow: limit.policy.shadow ? 1 : 0,
            cost,
            id,
            ttl_ms: ttlMs,
            fingerprint: idempotency?.fingerprint ?? '',
            record_ttl_ms: idempotency?.ttlMs ?? 0,
          }),
        ),
      )
      if (reply.kind === 'conflict') return reply
      return { ...reply, expiresInMs: remainingMs(reply.leftUs / 1_000, sentAt) }
    },

    settle(namespace: string, limit: Limit, { id, actual, idempotency }: SettleRequest) {
      const record = idempotency && recordKey(namespace, limit, 'settle', idempotency.digest)
      const keys = keysOf(namespace, limit, id, record)
      return atTimeOfRedis(clock, (nowMs) =>
        settle(keys, {
          ...toEnforcedLimit(limit, nowMs),
          actual,
          fingerprint: idempotency?.fingerprint ?? '',
          record_ttl_ms: idempotency?.ttlMs ?? 0,
          channel: CHANGES,
          message: changeOf(namespace, limit),
        }),
      )
    },
  }
}
