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
import {
  type Reserved,
  type ReserveReply,
  reserveScript,
  type SettleReply,
  settleScript,
} from './scripts.js'

export interface ReserveRequest {
  readonly cost: number
  /** How long it can be settled; afterwards it stays consumed. */
  readonly ttlMs: number
  readonly idempotency?: Idempotency | undefined
}

export interface SettleRequest {
  readonly id: string
  /** What it cost in truth; 0 cancels. */
  readonly actual: number
  readonly idempotency?: Idempotency | undefined
}

/** With how much longer it can be settled. */
export type ReserveOutcome =
  | (Reserved & { readonly expiresInMs: number })
  | Exclude<ReserveReply, Reserved>

/** A cost that is consumed before it is known, and settled once. */
export interface ReservationStore {
  reserve(namespace: string, limit: Limit, request: ReserveRequest): Promise<ReserveOutcome>
  settle(namespace: string, limit: Limit, request: SettleRequest): Promise<SettleReply>
}

export interface ReservationStoreOptions {
  readonly binder: Binder
  readonly clock: RedisClock
  /** Those of checks: a server that does not answer is not asked, and costs nobody a time-out. */
  readonly circuits: Circuits
}

export function createReservationStore(options: ReservationStoreOptions): ReservationStore {
  const { binder, clock, circuits } = options
  const reserve = binder.bind(reserveScript)
  const settle = binder.bind(settleScript)

  const keysOf = (namespace: string, limit: Limit, id: string, record: string | undefined) => ({
    state: limitKey(namespace, kindOf(limit.policy), limit),
    exception: exceptionKey(namespace, limit),
    reservation: reservationKey(namespace, limit, id),
    record,
  })

  return {
    async reserve(namespace, limit, { cost, ttlMs, idempotency }) {
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

    settle(namespace, limit, { id, actual, idempotency }) {
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
