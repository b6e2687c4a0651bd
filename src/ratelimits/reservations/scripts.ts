import { type StaleWindow, staleWindow } from '../../redis/clock.js'
import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type LimitReply, toLimitReply } from '../checks/scripts.js'

export interface Reserved {
  readonly kind: 'denied' | 'reserved' | 'replayed'
  readonly limit: LimitReply
  /** How much longer it can be settled. */
  readonly leftUs: number
  readonly id: string
}

export type ReserveReply = Reserved | { readonly kind: 'conflict' }

export const reserveScript = defineScript({
  name: 'ratelimits.reserve',
  file: new URL('../scripts/reserve.lua', import.meta.url),
  keys: ['state', 'exception', 'reservation', 'record?'],
  args: ['kind', 'a', 'b', 'c', 'shadow', 'cost', 'id', 'ttl_ms', 'fingerprint', 'record_ttl_ms'],
  outcomes: ['denied', 'reserved', 'replayed', 'conflict', 'stale-window'],
  decode(reply, outcome): ReserveReply | StaleWindow {
    const fields = list(reply, 2)
    if (outcome === 'conflict') return { kind: outcome }
    if (outcome === 'stale-window') return staleWindow(Number(fields[1]))
    const numbers = integers(fields.slice(0, -1), 11)
    return {
      kind: outcome,
      limit: toLimitReply(numbers, 2, numbers[1]),
      leftUs: numbers[10],
      id: String(fields.at(-1)),
    }
  },
})

export interface Settled {
  readonly kind: 'settled' | 'replayed'
  readonly reserved: number
  readonly refunded: number
  readonly remaining: number
  readonly resetUs: number
  /** The limit that holds for this subject instead of that of the policy, or 0. */
  readonly override: number
  /** When that was so. */
  readonly atUs: number
}

/** `expired`: it was settled, its time is over, or it never was. */
export type SettleReply = Settled | { readonly kind: 'expired' | 'conflict' }

export const settleScript = defineScript({
  name: 'ratelimits.settle',
  file: new URL('../scripts/settle.lua', import.meta.url),
  keys: ['state', 'exception', 'reservation', 'record?'],
  args: ['kind', 'a', 'b', 'c', 'actual', 'fingerprint', 'record_ttl_ms', 'channel', 'message'],
  outcomes: ['expired', 'settled', 'replayed', 'conflict', 'stale-window'],
  decode(reply, outcome): SettleReply | StaleWindow {
    const [, reserved, refunded, remaining, resetUs, override, atUs] = integers(reply, 7)
    if (outcome === 'expired' || outcome === 'conflict') return { kind: outcome }
    if (outcome === 'stale-window') return staleWindow(reserved)
    return { kind: outcome, reserved, refunded, remaining, resetUs, override, atUs }
  },
})
