/** Deliveries of queues and of groups of streams: receipts, settlement, requests that wait. */

import { randomBytes } from 'node:crypto'
import type { Idempotency } from '../redis/idempotency.js'
import { remainingMs } from '../redis/remaining.js'
import { integer, integers, wordOf } from '../redis/reply.js'
import type { Registration } from '../redis/waiter.js'

/** Of one receive, or one settle. */
export const MAX_BATCH = 100
export const MIN_VISIBILITY_MS = 1_000
/** Of a delivery, its extensions included. */
export const MAX_VISIBILITY_MS = 43_200_000
/** Of one answer; what is larger comes alone. */
export const MOST_BYTES = 256 * 1024

/** Eight characters. */
const NONCE_BYTES = 6

/** Arguments that all scripts of a receive have. `nonces`: a secret for each delivery. */
export const receiveArgs = (
  limit: number,
  idempotency: Idempotency | undefined,
  registration: Registration | undefined,
) => ({
  limit,
  most_bytes: MOST_BYTES,
  nonces: randomBytes(NONCE_BYTES * limit).toString('base64url'),
  fingerprint: idempotency?.fingerprint ?? '',
  record_ttl_ms: idempotency?.ttlMs ?? 0,
  instance: registration?.instance ?? '',
  others: registration?.others ? 1 : 0,
})

/** What happens to a delivery. */
export type Settlement =
  | { readonly kind: 'ack' | 'release'; readonly receipt: string }
  | {
      readonly kind: 'nack'
      readonly receipt: string
      /** Default: as the queue says. */
      readonly delayMs?: number | undefined
      readonly error?: string | undefined
      /** No further retries. */
      readonly dead: boolean
    }
  | { readonly kind: 'extend'; readonly receipt: string; readonly visibilityMs: number }

/** By their number in redis/scripts/lib/statuses.lua. */
const STATUSES = ['', 'acked', 'retrying', 'dead', 'extended', 'released', 'stale', 'gone'] as const

export type SettleStatus = Exclude<(typeof STATUSES)[number], ''>

/** What a settle did. */
export interface Settled {
  /** One for each settlement. */
  readonly statuses: readonly SettleStatus[]
  /** Dropped by the call. */
  readonly dropped: number
}

export function readSettled(reply: unknown): Settled {
  const [dropped, ...statuses] = integers<number>(reply, Array.isArray(reply) ? reply.length : 1)
  return {
    statuses: statuses.map((number) => wordOf(STATUSES, number) as SettleStatus),
    dropped: integer(dropped),
  }
}

/** What metrics count; an extension is nothing that happens to a message or an entry. */
const SETTLE_EVENTS: Readonly<Record<SettleStatus, string | undefined>> = {
  acked: 'acked',
  retrying: 'retried',
  released: 'released',
  dead: 'dead',
  stale: 'stale',
  extended: undefined,
  gone: undefined,
}

export function countSettled(
  count: (event: string, by: number) => void,
  { statuses, dropped }: Settled,
): void {
  for (const status of statuses) {
    const event = SETTLE_EVENTS[status]
    if (event) count(event, 1)
  }
  count('dropped', dropped)
}

/** Never shows more time than is left: that since the call was sent is subtracted. */
export const sinceSent = <D extends { readonly visibleForMs: number }>(
  deliveries: readonly D[],
  sentAt: number,
): D[] =>
  deliveries.map((delivery) =>
    Object.assign(delivery, { visibleForMs: remainingMs(delivery.visibleForMs, sentAt) }),
  )
