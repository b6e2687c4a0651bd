import {
  MAX_VISIBILITY_MS,
  MOST_BYTES,
  receiveArgs,
  type Settlement,
  type SettleStatus,
  sinceSent,
} from '../../deliveries/settlement.js'
import type { Binder } from '../../redis/binder.js'
import { stepOf } from '../../redis/errors.js'
import type { Idempotency } from '../../redis/idempotency.js'
import type { Registration } from '../../redis/waiter.js'
import { metaKey, recordKey } from '../keys.js'
import { toScriptSettings } from '../script-settings.js'
import type { Stream } from '../settings.js'
import { deadScript, type ReceiveReply, receiveScript, settleScript } from './delivery-scripts.js'

/** A group of a stream. */
export interface StreamGroup {
  readonly stream: Stream
  readonly group: string
}

export interface ReceiveOptions {
  readonly limit: number
  /** Default: that of the group. */
  readonly visibilityMs?: number | undefined
}

export interface DeadOptions {
  readonly limit: number
  /** `next` of the page before; 0 for the first. */
  readonly after: number
}

export type DeliveryStore = ReturnType<typeof createDeliveryStore>

/** Delivers entries to groups under receipts, and settles them. */
export function createDeliveryStore({ binder }: { readonly binder: Binder }) {
  const receive = binder.bind(receiveScript)
  const settleSome = binder.bind(settleScript)
  const dead = binder.bind(deadScript)
  const keysOf = ({ stream }: StreamGroup) => ({ meta: metaKey(stream.namespace, stream.name) })
  const argsOf = ({ stream, group }: StreamGroup) => ({
    settings: toScriptSettings(stream.settings),
    group,
  })

  return {
    /**
     * A repeat with the same idempotency key gets what still stands under the first receipts.
     * @param registration of a request that waits if it gets nothing
     */
    async receive(
      at: StreamGroup,
      { limit, visibilityMs = 0 }: ReceiveOptions,
      idempotency?: Idempotency,
      registration?: Registration,
    ): Promise<ReceiveReply> {
      const sentAt = performance.now()
      const { namespace, name } = at.stream
      const record = idempotency && recordKey(namespace, name, idempotency.digest)
      const reply = await receive(Object.assign(keysOf(at), { record }), {
        ...argsOf(at),
        visibility_ms: visibilityMs,
        ...receiveArgs(limit, idempotency, registration),
      })
      if (reply.kind !== 'received') return reply
      return Object.assign(reply, { deliveries: sinceSent(reply.deliveries, sentAt) })
    },

    /**
     * One status for each settlement, in order. Each is applied or refused by itself; one call of Redis
     * copies only so much to the dead list, so there may be several.
     * @throws StoreError `outcome-unknown` if a call fails after another was applied
     */
    async settle(at: StreamGroup, settlements: readonly Settlement[]) {
      const keys = keysOf(at)
      const args = { ...argsOf(at), most_ms: MAX_VISIBILITY_MS, most_bytes: MOST_BYTES }
      const actions = settlements.map(toAction)
      const statuses: SettleStatus[] = []
      let dropped = 0
      do {
        const rest = actions.slice(statuses.length)
        const reply = await stepOf(
          settleSome(keys, { ...args, actions: rest }),
          statuses.length > 0,
          'Some of the deliveries were settled.',
        )
        if (reply.kind === 'no-group') return reply
        statuses.push(...reply.statuses)
        dropped += reply.dropped
      } while (statuses.length < actions.length)
      return { kind: 'settled' as const, statuses, dropped }
    },

    /** One page of the dead list, the oldest first. */
    dead: (at: StreamGroup, { limit, after }: DeadOptions) =>
      dead(keysOf(at), { ...argsOf(at), after, limit, most_bytes: MOST_BYTES }),
  }
}

/** After waiting in vain. */
export const NOTHING: ReceiveReply = Object.freeze({
  kind: 'received',
  deliveries: [],
  nextMs: undefined,
  replayed: false,
  met: { timedOut: 0, dead: 0, trimmed: 0, dropped: 0 },
})

/** As scripts/settle.lua reads it. */
function toAction(settlement: Settlement): string {
  const { kind, receipt } = settlement
  const word = kind === 'nack' && settlement.dead ? 'dead' : kind
  const ms = kind === 'extend' ? settlement.visibilityMs : 0
  const error = (kind === 'nack' && settlement.error) || ''
  return `${word} ${receipt.replace('.', ' ')} ${ms} ${error}`
}
