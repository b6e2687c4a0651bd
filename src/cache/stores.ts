import type { DomainDeps } from '../domain.js'
import { FrequentKeys } from '../metrics/frequent-keys.js'
import { layoutOf } from '../redis/layout.js'
import { serversOf } from '../redis/servers.js'
import { createCounterStore } from './counters/store.js'
import type { CacheStores } from './decorators/cache-stores.js'
import { withReadOnly } from './decorators/read-only.js'
import { decorate } from './decorators/stack.js'
import { createReadMany } from './entries/read-many.js'
import { createEntryStore } from './entries/store.js'
import { createInvalidationStore } from './invalidation/store.js'
import { L1 } from './l1/l1.js'
import { createL1Metrics } from './l1/metrics.js'
import { createLeasedReads, type LeasedReads } from './leases/leased-reads.js'
import { createLeaseStore } from './leases/store.js'
import { createLeaseMetrics, createMarkMetrics, createSweepMetrics } from './metrics.js'
import { createObjectStore } from './objects/store.js'
import { createOriginMetrics } from './origins/metrics.js'
import { Origins } from './origins/origins.js'
import { Durability } from './origins/outbox/durability.js'
import { createOutboxOverview, type OutboxOverview } from './origins/outbox/overview.js'
import { OutboxRegister } from './origins/outbox/register.js'
import { createOutboxStore } from './origins/outbox/store.js'
import { createWarmingStore } from './origins/warming/store.js'
import { Warmings } from './origins/warming/warmings.js'
import { createWriteLeases } from './origins/writing/store.js'
import { Partitions } from './partition.js'
import { parseSpace } from './spaces/parse.js'
import type { FiledPolicy } from './spaces/policy.js'
import { createSpaceStore, type SpaceStore } from './spaces/store.js'
import { SpaceUsages } from './spaces/usage.js'
import { Sweeper } from './sweeping/sweeper.js'

/** What the routes of the domain need. */
export interface AllCacheStores extends CacheStores {
  readonly spaces: SpaceStore
  readonly hotKeys: FrequentKeys
  readonly usages: SpaceUsages
  readonly leases: LeasedReads
  readonly origins: Origins
  readonly sweeper: Sweeper
  readonly overview: OutboxOverview
}

type Deps = DomainDeps<Readonly<Record<string, FiledPolicy>>>

export function createCacheStores(deps: Deps): AllCacheStores {
  const { settings, metrics, connections, cacheBinder, memory } = deps
  const partitions = new Partitions(layoutOf(connections.cache), settings.cacheOnRestart)
  // A Redis for the cache alone may be filled.
  const isTightAt = connections.cacheProbe === undefined ? memory.isTight : () => false
  const spaces = createSpaceStore({
    binder: deps.binder,
    pubSub: connections.pubSub,
    parse: parseSpace,
    definitions: deps.definitions,
  })
  const sweeper = new Sweeper({
    connection: connections.cache,
    binder: cacheBinder,
    partitions,
    metrics: createSweepMetrics(metrics),
    flushesOnRestart: settings.cacheOnRestart === 'flush',
  })
  const hotKeys = new FrequentKeys()
  const l1 = createL1(deps, partitions, spaces)
  const usages = new SpaceUsages((space) => l1.bytesOf(space))
  const leaseMetrics = createLeaseMetrics(metrics, spaces.labelOf)
  const leases = createLeaseStore(cacheBinder, partitions)
  const guards = createOutboxGuards(deps, partitions)
  const plain = createEntryStore(cacheBinder, partitions, leases.abandon)
  const stores = withReadOnly(
    (space) => guards.register.isForeign(space),
    decorate(
      {
        partitions,
        l1,
        hotKeys,
        leases,
        metrics: leaseMetrics,
        usages,
        readTimeoutMs: settings.cacheReadTimeoutMs,
        serverOf: serversOf(connections.cache).serverOf,
        isTightAt,
      },
      {
        entries: plain,
        counters: createCounterStore(cacheBinder, partitions),
        objects: createObjectStore(cacheBinder, partitions),
        invalidation: createInvalidationStore(cacheBinder, partitions, {
          isTight: (clock) => isTightAt(() => clock),
          metrics: createMarkMetrics(metrics),
          onSpaceEnded: (...space) => sweeper.space(...space),
        }),
        writes: createWriteLeases(cacheBinder, partitions),
        outbox: createOutboxStore(cacheBinder, partitions),
      },
    ),
  )
  const leasedReads = createLeasedReads({
    leases,
    partitions,
    pubSub: connections.cachePubSub,
    entries: stores.entries,
    metrics: leaseMetrics,
  })
  const originMetrics = createOriginMetrics(metrics)
  const peek = createReadMany(cacheBinder, partitions)
  const origins = new Origins({
    definitions: deps.definitions,
    metrics: originMetrics,
    leases: leasedReads,
    entries: stores.entries,
    writes: stores.writes,
    behind: {
      ...guards,

      outbox: stores.outbox,
      entries: plain,
      partitions: partitions.count,
      policyOf: spaces.settingsOf,
    },
    ahead: { hotKeys, peek, policyOf: spaces.settingsOf },
    warmings: new Warmings({
      store: createWarmingStore(deps.binder),
      peek,
      metrics: originMetrics,
    }),
  })
  const overview = createOutboxOverview(stores.outbox, partitions)
  return { ...stores, leases: leasedReads, origins, hotKeys, usages, spaces, sweeper, overview }
}

/** What keeps writes behind from being lost; `close` it at the end. */
function createOutboxGuards({ connections, raised }: Deps, partitions: Partitions) {
  let isNeeded = false
  let isSafe = true
  const show = () => raised.set('outbox-unsafe', isNeeded && !isSafe)
  const durability = new Durability(connections.cache, (now) => {
    isSafe = now
    show()
  })
  const register = new OutboxRegister({
    connection: connections.cache,
    partitions,
    onLook: (hasForeign) => raised.set('outbox-unserved', hasForeign),
  })
  return {
    durability,
    register,
    onNeed(now: boolean) {
      isNeeded = now
      show()
    },
  }
}

function createL1(
  { metrics, connections, settings, clockOffsetUs = () => 0 }: Deps,
  partitions: Partitions,
  spaces: SpaceStore,
): L1 {
  return new L1({
    partitions,
    pubSub: connections.cachePubSub,
    metrics: createL1Metrics(metrics, {
      labelOf: spaces.labelOf,
      busLagMs: connections.cachePubSub.roundTripMs,
    }),
    now: () => performance.now() + clockOffsetUs() / 1_000,
    maxBytes: settings.cacheL1MaxBytes,
  })
}
