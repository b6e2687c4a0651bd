import { createHash } from 'node:crypto'
import type { Binder } from '../../redis/binder.js'
import type { Idempotency } from '../../redis/idempotency.js'
import type { Names } from '../../redis/names.js'
import { recordKey, statKey } from '../keys.js'
import { toScriptSettings } from '../script-settings.js'
import type { Queue } from '../settings.js'
import { type Content, toEnvelope } from './envelope.js'
import {
  type LookCursor,
  type LookedAt,
  lookScript,
  type MessageState,
  type SendReply,
  sendScript,
} from './scripts.js'

/** Bodies of one page; a message that is larger comes alone. */
const MOST_BYTES = 256 * 1024

export interface OutgoingMessage extends Content {
  /** 0 to 9; higher ones are delivered first. */
  readonly priority: number
  /** Not with a group. */
  readonly delayMs: number
  /** Printable text: its messages are delivered one at a time, in the order sent. */
  readonly group?: string
  readonly dedupId?: string
}

export interface LookOptions {
  readonly state: MessageState
  readonly limit: number
  /** `next` of the page before. */
  readonly after?: string | undefined
}

export type LookOutcome =
  | { readonly kind: 'page'; readonly items: readonly LookedAt[]; readonly next?: string }
  | { readonly kind: 'unknown-cursor' }

export type MessageStore = ReturnType<typeof createMessageStore>

/** Sends messages, and shows them without a delivery. */
export function createMessageStore({
  binder,
  names,
}: {
  readonly binder: Binder
  readonly names: Pick<Names, 'add'>
}) {
  const send = binder.bind(sendScript)
  const look = binder.bind(lookScript)

  return {
    /** All or none. Lists the queue first. */
    async send(
      { namespace, name, settings }: Queue,
      messages: readonly OutgoingMessage[],
      idempotency?: Idempotency,
    ): Promise<SendReply> {
      await names.add(namespace, name)
      const record = idempotency && recordKey(namespace, name, idempotency.digest)
      return send(
        { stat: statKey(namespace, name), record },
        {
          settings: toScriptSettings(settings),
          fingerprint: idempotency?.fingerprint ?? '',
          record_ttl_ms: idempotency?.ttlMs ?? 0,
          messages: messages.map((message) => ({
            priority: message.priority,
            delay_ms: message.delayMs,
            group: message.group ?? '',
            dedup: message.dedupId === undefined ? '' : digestOf(message.dedupId),
            body: toEnvelope(message),
          })),
        },
      )
    },

    /** One page in the order of delivery, of time, or of the groups: no counter moves. */
    async look(
      { namespace, name, settings }: Queue,
      { state, limit, after }: LookOptions,
    ): Promise<LookOutcome> {
      const cursor = after === undefined ? START : readCursor(after)
      if (!cursor) return { kind: 'unknown-cursor' }
      const { items, next } = await look(
        { stat: statKey(namespace, name) },
        {
          settings: toScriptSettings(settings),
          state,
          limit,
          most_bytes: MOST_BYTES,
          ...cursor,
        },
      )
      return { kind: 'page', items, ...(next && { next: toText(next) }) }
    },
  }
}

const START: LookCursor = { place: 0, score: '', member: '' }

const toText = ({ place, score, member }: LookCursor): string => `${place} ${score} ${member}`

function readCursor(text: string): LookCursor | undefined {
  const [, place, score, member] = /^([1-3]) (\d{1,17}) ((?:.*\0)?\d{1,16})$/s.exec(text) ?? []
  if (place === undefined || score === undefined || member === undefined) return undefined
  return { place: Number(place), score, member }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url')
