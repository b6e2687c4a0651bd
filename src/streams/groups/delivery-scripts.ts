import { readSettled } from '../../deliveries/settlement.js'
import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type Content, readEnvelope } from '../entries/envelope.js'

export interface Delivery extends Content {
  /** Of the entry. */
  readonly id: string
  readonly receipt: string
  /** How often it was delivered to the group, this time included. */
  readonly deliveries: number
  /** Deliveries before that ended by a nack or by time. */
  readonly failures: number
  readonly visibleForMs: number
}

export type ReceiveReply =
  | {
      readonly kind: 'received'
      readonly deliveries: readonly Delivery[]
      /** When to ask again: 0 for now, undefined while there is nothing to wait for. */
      readonly nextMs: number | undefined
      readonly replayed: boolean
      /** What the call found of other entries. */
      readonly met: Readonly<Record<'timedOut' | 'dead' | 'trimmed' | 'dropped', number>>
    }
  | { readonly kind: 'conflict' | 'no-group' }

/** Entries that one call reads besides those that it delivers. */
const DUE_UNITS = 12

export const receiveScript = defineScript({
  name: 'streams.receive',
  file: new URL('../scripts/receive.lua', import.meta.url),
  keys: ['meta', 'record?'],
  args: [
    'settings',
    'group',
    'limit',
    'visibility_ms',
    'most_bytes',
    'nonces',
    'fingerprint',
    'record_ttl_ms',
    'instance',
    'others',
  ],
  units: ({ limit }) => DUE_UNITS + 2 * Number(limit),
  buffers: true,
  outcomes: ['received', 'conflict', 'no-group'],
  decode(reply, kind): ReceiveReply {
    const fields = list(reply)
    if (kind !== 'received') return { kind }
    const [nextMs, replayed, timedOut, dead, trimmed, dropped] = integers(fields.slice(1, 7), 6)
    const deliveries: Delivery[] = []
    for (let at = 7; at < fields.length; at += 6) deliveries.push(readDelivery(fields, at))
    return {
      kind,
      deliveries,
      nextMs: nextMs < 0 ? undefined : nextMs,
      replayed: replayed === 1,
      met: { timedOut, dead, trimmed, dropped },
    }
  },
})

function readDelivery(fields: readonly unknown[], at: number): Delivery {
  const id = String(fields[at])
  const { event, data, encoding } = readEnvelope(fields[at + 5])
  return {
    id,
    receipt: `${id}.${fields[at + 1]}`,
    deliveries: Number(fields[at + 2]),
    failures: Number(fields[at + 3]),
    visibleForMs: Number(fields[at + 4]),
    event,
    data,
    encoding,
  }
}

export const settleScript = defineScript({
  name: 'streams.settle',
  file: new URL('../scripts/settle.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'group', 'most_ms', 'most_bytes', 'actions[]'],
  units: ({ actions }) => 2 + actions.length,
  outcomes: ['settled', 'no-group'],
  decode(reply, kind) {
    const fields = list(reply)
    if (kind === 'no-group') return { kind }
    return { kind, ...readSettled(fields.slice(1)) }
  },
})

/** A copy of an entry that failed too often. */
export interface DeadEntry extends Content {
  readonly id: string
  readonly deliveries: number
  readonly failures: number
  /** Since 1970. */
  readonly diedAtMs: number
  /** Of the last nack. */
  readonly error: string
}

export const deadScript = defineScript({
  name: 'streams.dead',
  file: new URL('../scripts/dead.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'group', 'after', 'limit', 'most_bytes'],
  units: () => 12,
  buffers: true,
  outcomes: ['page', 'no-group'],
  decode(reply, kind) {
    const fields = list(reply)
    if (kind === 'no-group') return { kind }
    const entries: DeadEntry[] = []
    for (let at = 3; at < fields.length; at += 2) entries.push(readLetter(fields, at))
    return { kind, entries, next: fields[1] === 1 ? Number(fields[2]) : undefined }
  },
})

/** @throws TypeError for bytes that scripts/lib/dead.lua does not make */
function readLetter(fields: readonly unknown[], at: number): DeadEntry {
  const letter = fields[at + 1] as Buffer
  const head = /^(\d+) (\d+) (\d+) (\d+) /.exec(letter.toString('latin1', 0, 64))
  if (!head) throw new TypeError('a dead entry has no head')
  const [diedAtMs, deliveries, failures, length] = head.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
  ]
  const end = head[0].length + length
  return {
    id: String(fields[at]),
    deliveries,
    failures,
    diedAtMs,
    error: letter.toString('utf8', head[0].length, end),
    ...readEnvelope(letter.subarray(end)),
  }
}
