import { type Elsewhen, elsewhen } from '../../redis/clock.js'
import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type LimitReply, toLimitReply } from '../checks/scripts.js'

export interface Reserved {
  readonly outcome: 'denied' | 'reserved' | 'replayed'
  readonly takenAtUs: number
  readonly limit: LimitReply
  /** How much longer it can be settled. */
  readonly leftUs: number
  readonly id: string
}

export type ReserveReply = Reserved | { readonly outcome: 'conflict' }

const OUTCOMES = ['denied', 'reserved', 'replayed'] as const

export const reserveScript = defineScript({
  name: 'ratelimits.reserve',
  file: new URL('../scripts/reserve.lua', import.meta.url),
  keys: ['state', 'exception', 'reservation', 'memo?'],
  args: ['kind', 'a', 'b', 'c', 'shadow', 'cost', 'id', 'ttl_ms', 'fingerprint', 'memo_ttl_ms'],
  decode(reply): ReserveReply | Elsewhen {
    const fields = list(reply, 2)
    if (fields[0] === 3) return { outcome: 'conflict' }
    if (fields[0] === 4) return elsewhen(Number(fields[1]))
    const numbers = integers(fields.slice(0, -1), 11)
    const outcome = OUTCOMES[numbers[0] as number]
    if (!outcome) throw new TypeError(`unknown outcome ${numbers[0]} of ratelimits.reserve`)
    return {
      outcome,
      takenAtUs: numbers[1] as number,
      limit: toLimitReply(numbers, 2),
      leftUs: numbers[10] as number,
      id: String(fields.at(-1)),
    }
  },
})

export interface Settled {
  readonly outcome: 'settled' | 'replayed'
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
export type SettleReply = Settled | { readonly outcome: 'expired' | 'conflict' }

export const settleScript = defineScript({
  name: 'ratelimits.settle',
  file: new URL('../scripts/settle.lua', import.meta.url),
  keys: ['state', 'exception', 'reservation', 'memo?'],
  args: ['kind', 'a', 'b', 'c', 'actual', 'fingerprint', 'memo_ttl_ms', 'channel', 'message'],
  decode(reply): SettleReply | Elsewhen {
    const [code, reserved, refunded, remaining, resetUs, override, atUs] = integers(
      reply,
      7,
    ) as Seven
    if (code === 0) return { outcome: 'expired' }
    if (code === 3) return { outcome: 'conflict' }
    if (code === 4) return elsewhen(reserved)
    const outcome = code === 2 ? 'replayed' : 'settled'
    return { outcome, reserved, refunded, remaining, resetUs, override, atUs }
  },
})

type Seven = [number, number, number, number, number, number, number]
