import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { DomainDeps } from '../domain.js'
import { createListing } from '../http/listing.js'
import { FiledLooks } from '../metrics/filed-looks.js'
import { createDefaultedDocuments } from '../redis/defaulted-documents.js'
import { Names } from '../redis/names.js'
import { Wakes } from '../redis/wakes.js'
import { parseSettings } from './configuration/parse.js'
import type { SettingsStore } from './configuration/store.js'
import { createDeadStore } from './dead/store.js'
import { createDeliveryStore } from './deliveries/store.js'
import { createWaitList } from './deliveries/wait-list.js'
import { createMessageStore } from './messages/store.js'
import { createDepthMetrics, createQueueMetrics } from './metrics.js'
import { createOverviewStore } from './overview/store.js'
import { DEFAULT_SETTINGS, type QueueSettings, type SentSettings, toSettings } from './settings.js'

/** What the routes of the domain use: its stores, and how messages are counted. */
export function createServices({
  binder,
  clockOffsetUs,
  connections,
  definitions,
  metrics,
  settings: { idempotencyTtlMs, queueWaiters },
}: DomainDeps<Readonly<Record<string, SentSettings>>>) {
  const documents = createDefaultedDocuments<SentSettings, QueueSettings>({
    binder,
    pubSub: connections.pubSub,
    part: 'queue-settings',
    parse: parseSettings,
    definitions,
    toWhole: toSettings,
    defaults: DEFAULT_SETTINGS,
  })
  const queueMetrics = createQueueMetrics(metrics)
  const overview = createOverviewStore({ binder, metrics: queueMetrics })
  const depths = new FiledLooks({
    documents,
    definitions,
    contentOf: overview.counts,
    clockOffsetUs,
  })
  createDepthMetrics(metrics, () => depths.read())
  const configuration: SettingsStore = depths.noting(documents)
  const names = new Names({ binder, part: 'queues' })
  const deliveries = createDeliveryStore({ binder })
  const wakes = new Wakes({
    binder,
    pubSub: connections.pubSub,
    maxPerThing: queueWaiters,
    onServed: queueMetrics.served,
  })
  queueMetrics.countWaiters(() => wakes.count)
  return {
    configuration,
    messages: createMessageStore({ binder, names }),
    deliveries,
    waitList: createWaitList({
      deliveries,
      settingsOf: configuration.settingsOf,
      wakes,
      metrics: queueMetrics,
    }),
    dead: createDeadStore({ binder, metrics: queueMetrics }),
    overview,
    listQueues: createListing({
      configuration,
      names,
      contentOf: async (namespace, name) => {
        const settings = await configuration.settingsOf(namespace, name)
        return overview.counts({ namespace, name, settings })
      },
    }),
    metrics: queueMetrics,
    idempotencyTtlMs,
    /** Answers the receives that wait. */
    drain: () => wakes.drain(),
  }
}

export type QueueServices = ReturnType<typeof createServices>

export type QueueRoutes = FastifyPluginAsyncTypebox<QueueServices>
