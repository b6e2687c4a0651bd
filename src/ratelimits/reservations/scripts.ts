import { type StaleWindow, staleWindow } from '../../redis/clock.js'
import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type LimitReply, toLimitReply, type Usage } from '../checks/scripts.js'

interface Reserved {
  readonly kind: 'denied' | 'reserved' | 'replayed'
  readonly limit: LimitReply
  /** Time left to settle it. */
  readonly leftUs: number
  readonly id: string
}

export const reserveScript = defineScript({
  name: 'ratelimits.reserve',
  file: new URL('../scripts/reserve.lua', import.meta.url),
  keys: ['state', 'exception', 'reservation', 'record?'],
  args: ['kind', 'a', 'b', 'c', 'shadow', 'cost', 'id', 'ttl_ms', 'fingerprint', 'record_ttl_ms'],
  outcomes: ['denied', 'reserved', 'replayed', 'conflict', 'stale-window'],
  decode(reply, outcome): Reserved | { readonly kind: 'conflict' } | StaleWindow {
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

interface Settled extends Usage {
  readonly kind: 'settled' | 'replayed'
  readonly reserved: number
  readonly refunded: number
  /** Time of Redis. */
  readonly atUs: number
}

/** `expired`: settled before, expired or never made. */
type SettleReply = Settled | { readonly kind: 'expired' | 'conflict' }

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
