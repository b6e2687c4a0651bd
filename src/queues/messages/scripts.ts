import { list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { toId } from '../message-ids.js'
import type { Met } from '../met.js'
import { type Content, readEnvelope } from './envelope.js'

export interface SentMessage {
  readonly id: string
  /** Its dedup id was seen: nothing was added, and `id` is that of the first. */
  readonly duplicate: boolean
}

export type SendReply =
  | {
      readonly kind: 'sent'
      readonly messages: readonly SentMessage[]
      /** Messages that are ready now. */
      readonly ready: number
      readonly replayed: boolean
      readonly met: Met
    }
  | { readonly kind: 'full'; readonly limit: 'capacity' | 'bytes'; readonly met: Met }
  | { readonly kind: 'conflict' }

export const sendScript = defineScript({
  name: 'queues.send',
  file: new URL('../scripts/send.lua', import.meta.url),
  keys: ['stat', 'record?'],
  args: [
    'settings',
    'fingerprint',
    'record_ttl_ms',
    'messages[].priority',
    'messages[].delay_ms',
    'messages[].group',
    'messages[].dedup',
    'messages[].body',
  ],
  units: ({ messages }) => 2 + messages.length,
  outcomes: ['sent', 'over-capacity', 'over-bytes', 'conflict'],
  decode(reply, outcome): SendReply {
    const [expired, timedOut, dead, dropped, replayed, ready, ...fields] = list(reply, 5)
      .map(Number)
      .slice(1)
    const met = { expired, timedOut, dead, dropped } as Met
    switch (outcome) {
      case 'sent':
        return {
          kind: 'sent',
          messages: toSent(fields),
          ready: ready as number,
          replayed: replayed === 1,
          met,
        }
      case 'over-capacity':
        return { kind: 'full', limit: 'capacity', met }
      case 'over-bytes':
        return { kind: 'full', limit: 'bytes', met }
      case 'conflict':
        return { kind: 'conflict' }
    }
  },
})

function toSent(fields: readonly number[]): SentMessage[] {
  const messages: SentMessage[] = []
  for (let at = 0; at < fields.length; at += 2) {
    messages.push({ id: toId(fields[at]), duplicate: fields[at + 1] === 1 })
  }
  return messages
}

export const STATES = ['ready', 'delayed', 'leased', 'blocked', 'dead'] as const

export type MessageState = (typeof STATES)[number]

/** A message as a look shows it. */
export interface LookedAt extends Content {
  readonly id: string
  readonly priority: number
  readonly group?: string
  readonly deliveries: number
  readonly failures: number
  /** Since 1970. */
  readonly sentAtMs: number
  /** Until it is ready, or until its visibility ends; 0 in other states. */
  readonly dueInMs: number
  /** Of its last failure. */
  readonly error?: string
  readonly firstFailedAtMs?: number
  readonly lastFailedAtMs?: number
}

/** Where a page ended. */
export interface LookCursor {
  readonly place: number
  readonly score: string
  readonly member: string
}

export interface LookReply {
  readonly items: readonly LookedAt[]
  /** Undefined after the last page. */
  readonly next: LookCursor | undefined
}

const FIELDS_PER_ITEM = 11

export const lookScript = defineScript({
  name: 'queues.look',
  file: new URL('../scripts/look.lua', import.meta.url),
  keys: ['stat'],
  args: ['settings', 'state', 'limit', 'most_bytes', 'place', 'score', 'member'],
  coalesce: false,
  buffers: true,
  decode(reply): LookReply {
    const fields = list(reply, 4)
    const [more, place, score, member] = fields
    const items: LookedAt[] = []
    for (let at = 4; at < fields.length; at += FIELDS_PER_ITEM) items.push(toItem(fields, at))
    return {
      items,
      next:
        more === 1
          ? { place: Number(place), score: String(score), member: String(member) }
          : undefined,
    }
  },
})

function toItem(fields: readonly unknown[], at: number): LookedAt {
  const [group, error] = [String(fields[at + 6]), String(fields[at + 7])]
  const [firstFailedAtMs, lastFailedAtMs] = [Number(fields[at + 8]), Number(fields[at + 9])]
  return {
    id: toId(fields[at]),
    priority: Number(fields[at + 1]),
    deliveries: Number(fields[at + 2]),
    failures: Number(fields[at + 3]),
    sentAtMs: Number(fields[at + 4]),
    dueInMs: Number(fields[at + 5]),
    ...(group !== '' && { group }),
    ...(error !== '' && { error }),
    ...(lastFailedAtMs > 0 && { firstFailedAtMs, lastFailedAtMs }),
    ...readEnvelope(fields[at + 10]),
  }
}
