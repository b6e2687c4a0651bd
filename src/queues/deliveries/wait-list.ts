import { createWaits, type Waiting } from '../../deliveries/wait-list.js'
import type { Idempotency } from '../../redis/idempotency.js'
import type { Wakes } from '../../redis/wakes.js'
import type { SettingsStore } from '../configuration/store.js'
import { waitingKey } from '../keys.js'
import type { QueueMetrics } from '../metrics.js'
import type { Queue } from '../settings.js'
import type { ReceiveReply } from './scripts.js'
import { type DeliveryStore, NOTHING, type ReceiveOptions } from './store.js'

export interface WaitListOptions {
  readonly deliveries: Pick<DeliveryStore, 'receive'>
  readonly settingsOf: SettingsStore['settingsOf']
  readonly wakes: Pick<Wakes, 'hasRoom' | 'wait'>
  readonly metrics: Pick<QueueMetrics, 'received'>
}

export interface WaitingReceive extends ReceiveOptions, Waiting {
  readonly idempotency?: Idempotency | undefined
}

/** Receives that wait at this instance until their queue has a message. */
export const createWaitList = ({ deliveries, settingsOf, wakes, metrics }: WaitListOptions) => ({
  receive: createWaits<Queue, WaitingReceive, ReceiveReply>({
    wakes,
    nothing: NOTHING,
    waitingKey: ({ namespace, name }) => waitingKey(namespace, name),
    refresh: async ({ namespace, name }) => ({
      namespace,
      name,
      settings: await settingsOf(namespace, name),
    }),
    async receive(queue, options, registration) {
      const reply = await deliveries.receive(queue, options, options.idempotency, registration)
      metrics.received(reply)
      return reply
    },
  }),
})
