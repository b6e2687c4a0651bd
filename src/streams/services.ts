import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { DomainDeps } from '../domain.js'
import { createListing } from '../http/listing.js'
import { FiledLooks } from '../metrics/filed-looks.js'
import { createDefaultedDocuments } from '../redis/defaulted-documents.js'
import { Names } from '../redis/names.js'
import { parseSettings } from './configuration/parse.js'
import type { SettingsStore } from './configuration/store.js'
import { PageWaits } from './entries/page-waits.js'
import { createEntryStore } from './entries/store.js'
import { createStreamWatches } from './events/store.js'
import { createConsumers } from './groups/consumers.js'
import { createLagMetric } from './groups/metrics.js'
import { createGroupStore } from './groups/store.js'
import { createStreamMetrics } from './metrics.js'
import { createOverviewStore } from './overview/store.js'
import { createReaderStore } from './readers/store.js'
import { DEFAULT_SETTINGS, type SentSettings, type StreamSettings, toSettings } from './settings.js'

/** What the routes of the domain use: its stores, and how entries are counted. */
export function createServices(deps: DomainDeps<Readonly<Record<string, SentSettings>>>) {
  const { binder, clockOffsetUs, definitions } = deps
  const { pubSub } = deps.connections
  const documents = createDefaultedDocuments<SentSettings, StreamSettings>({
    binder,
    pubSub,
    part: 'stream-settings',
    parse: parseSettings,
    definitions,
    toWhole: toSettings,
    defaults: DEFAULT_SETTINGS,
  })
  const names = new Names({ binder, part: 'streams' })
  const overview = createOverviewStore({ binder })
  const entries = createEntryStore({ binder, names })
  const groups = createGroupStore({ binder, names })
  const lags = new FiledLooks({ documents, definitions, contentOf: groups.list, clockOffsetUs })
  createLagMetric(deps.metrics, () => lags.read())
  const configuration: SettingsStore = lags.noting(documents)
  const { settingsOf } = configuration
  const watch = createStreamWatches({ binder, pubSub, settingsOf })
  const { idempotencyTtlMs, streamWaiters: maxPerStream } = deps.settings
  const pageWaits = new PageWaits({ entries, watch, settingsOf, maxPerStream })
  const metrics = createStreamMetrics(deps.metrics)
  metrics.countWaiters(() => pageWaits.count)
  const consumers = createConsumers(deps, settingsOf)
  return {
    configuration,
    entries,
    groups,
    readers: createReaderStore({ binder }),
    pageWaits,
    consumers,
    overview,
    watch,
    listStreams: createListing({
      configuration,
      names,
      contentOf: async (namespace, name) => {
        const settings = await settingsOf(namespace, name)
        return overview.show({ namespace, name, settings })
      },
    }),
    metrics,
    idempotencyTtlMs,
    /** Answers the pages and the receives that wait. */
    drain() {
      pageWaits.drain()
      consumers.drain()
    },
  }
}

export type StreamServices = ReturnType<typeof createServices>

export type StreamRoutes = FastifyPluginAsyncTypebox<StreamServices>
