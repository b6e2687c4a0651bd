import type { DomainDeps } from '../../domain.js'
import { Wakes } from '../../redis/wakes.js'
import type { SettingsStore } from '../configuration/store.js'
import { createDeliveryStore } from './delivery-store.js'
import { createGroupMetrics } from './metrics.js'
import { createWaitList } from './wait-list.js'

/** What the consumers of groups use. */
export function createConsumers(
  { binder, connections, metrics, settings: { groupWaiters } }: DomainDeps,
  settingsOf: SettingsStore['settingsOf'],
) {
  const groupMetrics = createGroupMetrics(metrics)
  const deliveries = createDeliveryStore({ binder })
  const wakes = new Wakes({
    binder,
    pubSub: connections.pubSub,
    maxPerThing: groupWaiters,
    onServed: groupMetrics.served,
  })
  groupMetrics.countWaiters(() => wakes.count)
  return {
    deliveries,
    waitList: createWaitList({ deliveries, settingsOf, wakes, metrics: groupMetrics }),
    metrics: groupMetrics,
    /** Answers the receives that wait. */
    drain: () => wakes.drain(),
  }
}
