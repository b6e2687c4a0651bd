import { randomInt } from 'node:crypto'
import {
  MAX_VISIBILITY_MS,
  receiveArgs,
  type Settled,
  type Settlement,
  sinceSent,
} from '../../deliveries/settlement.js'
import type { Binder } from '../../redis/binder.js'
import type { Idempotency } from '../../redis/idempotency.js'
import type { Registration } from '../../redis/waiter.js'
import { recordKey, statKey } from '../keys.js'
import { toNumber } from '../message-ids.js'
import { toScriptSettings } from '../script-settings.js'
import type { Queue } from '../settings.js'
import { type ReceiveReply, receiveScript, settleScript } from './scripts.js'

export interface ReceiveOptions {
  readonly limit: number
  /** Default: that of the queue. */
  readonly visibilityMs?: number | undefined
}

export type DeliveryStore = ReturnType<typeof createDeliveryStore>

/** Delivers messages under receipts, and settles them. */
export function createDeliveryStore({ binder }: { readonly binder: Binder }) {
  const receive = binder.bind(receiveScript)
  const settle = binder.bind(settleScript)

  return {
    /**
     * A repeat with the same idempotency key gets what still stands under the first receipts.
     * @param registration of a request that waits if it gets nothing
     */
    async receive(
      { namespace, name, settings }: Queue,
      { limit, visibilityMs = settings.visibilityMs }: ReceiveOptions,
      idempotency?: Idempotency,
      registration?: Registration,
    ): Promise<ReceiveReply> {
      if (settings.paused && !idempotency) return NOTHING
      const sentAt = performance.now()
      const reply = await receive(
        {
          stat: statKey(namespace, name),
          record: idempotency && recordKey(namespace, name, idempotency.digest),
        },
        {
          settings: toScriptSettings(settings),
          visibility_ms: visibilityMs,
          ...receiveArgs(settings.paused ? 0 : limit, idempotency, registration),
        },
      )
      if (reply.kind !== 'received') return reply
      return Object.assign(reply, { deliveries: sinceSent(reply.deliveries, sentAt) })
    },

    /** One status for each action, in order. Each is applied or refused by itself. */
    async settle(
      { namespace, name, settings }: Queue,
      actions: readonly Settlement[],
    ): Promise<Settled> {
      return settle(
        { stat: statKey(namespace, name) },
        {
          settings: toScriptSettings(settings),
          most_ms: MAX_VISIBILITY_MS,
          actions: actions.map(toAction),
        },
      )
    },
  }
}

/** Of a paused queue, or after waiting in vain. */
export const NOTHING: ReceiveReply = Object.freeze({
  kind: 'received',
  deliveries: [],
  nextMs: undefined,
  replayed: false,
  met: { expired: 0, timedOut: 0, dead: 0, dropped: 0 },
})

/** As scripts/settle.lua reads it. */
function toAction(action: Settlement): string {
  const { kind, receipt } = action
  const [id = '', nonce = ''] = receipt.split('.')
  const to = (word: string, ms = 0, random = 0, error = '') =>
    `${word} ${toNumber(id)} ${nonce} ${ms} ${random} ${error}`
  switch (kind) {
    case 'ack':
    case 'release':
      return to(kind)
    case 'extend':
      return to(kind, action.visibilityMs)
    case 'nack':
      return to(
        action.dead ? 'dead' : 'nack',
        action.delayMs ?? -1,
        randomInt(2 ** 32),
        action.error,
      )
  }
}
