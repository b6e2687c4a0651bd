import { createWaits, type Waiting } from '../../deliveries/wait-list.js'
import type { Idempotency } from '../../redis/idempotency.js'
import type { Wakes } from '../../redis/wakes.js'
import type { SettingsStore } from '../configuration/store.js'
import { waitingKey } from '../keys.js'
import type { ReceiveReply } from './delivery-scripts.js'
import {
  type DeliveryStore,
  NOTHING,
  type ReceiveOptions,
  type StreamGroup,
} from './delivery-store.js'
import type { GroupMetrics } from './metrics.js'

interface WaitingReceive extends ReceiveOptions, Waiting {
  readonly idempotency?: Idempotency | undefined
}

export interface WaitListOptions {
  readonly deliveries: Pick<DeliveryStore, 'receive'>
  readonly settingsOf: SettingsStore['settingsOf']
  readonly wakes: Pick<Wakes, 'hasRoom' | 'wait'>
  readonly metrics: Pick<GroupMetrics, 'received'>
}

/** Receives that wait at this instance until their group has an entry. */
export const createWaitList = ({ deliveries, settingsOf, wakes, metrics }: WaitListOptions) => ({
  receive: createWaits<StreamGroup, WaitingReceive, ReceiveReply>({
    wakes,
    nothing: NOTHING,
    waitingKey: ({ stream: { namespace, name }, group }) => waitingKey(namespace, name, group),
    async refresh({ stream: { namespace, name }, group }) {
      return { stream: { namespace, name, settings: await settingsOf(namespace, name) }, group }
    },
    async receive(at, options, registration) {
      const reply = await deliveries.receive(at, options, options.idempotency, registration)
      metrics.received(reply)
      return reply
    },
  }),
})
