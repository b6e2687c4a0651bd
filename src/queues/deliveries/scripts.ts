import { readSettled } from '../../deliveries/settlement.js'
import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { toId } from '../message-ids.js'
import { type Content, readEnvelope } from '../messages/envelope.js'
import type { Met } from '../met.js'

export interface Delivery extends Content {
  readonly id: string
  readonly receipt: string
  readonly priority: number
  readonly group?: string
  /** How often it was delivered, this time included. */
  readonly deliveries: number
  /** Deliveries before that ended by a nack or by time. */
  readonly failures: number
  /** Since 1970. */
  readonly sentAtMs: number
  readonly visibleForMs: number
}

export type ReceiveReply =
  | {
      readonly kind: 'received'
      readonly deliveries: readonly Delivery[]
      /** When to ask again: 0 for now, undefined while there is nothing to wait for. */
      readonly nextMs: number | undefined
      readonly replayed: boolean
      readonly met: Met
    }
  | { readonly kind: 'conflict' }

/** Messages that one call makes ready besides those that it delivers. */
const PROMOTED_UNITS = 12

export const receiveScript = defineScript({
  name: 'queues.receive',
  file: new URL('../scripts/receive.lua', import.meta.url),
  keys: ['stat', 'record?'],
  args: [
    'settings',
    'limit',
    'visibility_ms',
    'most_bytes',
    'nonces',
    'fingerprint',
    'record_ttl_ms',
    'instance',
    'others',
  ],
  units: ({ limit }) => PROMOTED_UNITS + 2 * Number(limit),
  buffers: true,
  outcomes: ['received', 'conflict'],
  decode(reply, outcome): ReceiveReply {
    const fields = list(reply, outcome === 'conflict' ? 1 : 7)
    if (outcome === 'conflict') return { kind: 'conflict' }
    const [nextMs, replayed, expired, timedOut, dead, dropped] = integers(fields.slice(1, 7), 6)
    const deliveries: Delivery[] = []
    for (let at = 7; at < fields.length; at += 9) deliveries.push(toDelivery(fields, at))
    return {
      kind: 'received',
      deliveries,
      nextMs: nextMs < 0 ? undefined : nextMs,
      replayed: replayed === 1,
      met: { expired, timedOut, dead, dropped },
    }
  },
})

function toDelivery(fields: readonly unknown[], at: number): Delivery {
  const id = toId(fields[at])
  const group = String(fields[at + 7])
  return {
    id,
    receipt: `${id}.${fields[at + 1]}`,
    priority: Number(fields[at + 2]),
    deliveries: Number(fields[at + 3]),
    failures: Number(fields[at + 4]),
    sentAtMs: Number(fields[at + 5]),
    visibleForMs: Number(fields[at + 6]),
    ...(group === '' ? {} : { group }),
    ...readEnvelope(fields[at + 8]),
  }
}

export const settleScript = defineScript({
  name: 'queues.settle',
  file: new URL('../scripts/settle.lua', import.meta.url),
  keys: ['stat'],
  args: ['settings', 'most_ms', 'actions[]'],
  units: ({ actions }) => 1 + actions.length,
  decode: readSettled,
})
