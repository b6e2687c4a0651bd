import type { FastifyBaseLogger } from 'fastify'
import type { Redis } from 'ioredis'
import { createCounterStore } from './cache/counters/store.js'
import { ReadGuard } from './cache/entries/read-guard.js'
import { type CacheKey, createEntryStore } from './cache/entries/store.js'
import { withHeadRoom } from './cache/head-room.js'
import { createInvalidationStore } from './cache/invalidation/store.js'
import { createLeaseMetrics, withFillCount } from './cache/leases/metrics.js'
import { createLeaseStore, type LeaseStore } from './cache/leases/store.js'
import { L1 } from './cache/levels/level.js'
import { createLevelMetrics } from './cache/levels/metrics.js'
import { type CacheStores, withL1, withReadGuard } from './cache/levels/stores.js'
import { createObjectStore } from './cache/objects/store.js'
import { Partitions } from './cache/partition.js'
import { parseSpace } from './cache/spaces/parse.js'
import type { SentPolicy } from './cache/spaces/policy.js'
import { createSpaceStore, type SpaceStore } from './cache/spaces/store.js'
import type { OnReload } from './config/reload.js'
import type { Config } from './config.js'
import type { Turn } from './http/turn.js'
import { createLeaderboardStore, type LeaderboardStore } from './leaderboards/store.js'
import { compileTemplates } from './leaderboards/templates.js'
import type { LockMetrics } from './locks/metrics.js'
import { createLockStore, type LockStore } from './locks/store.js'
import { FrequentKeys } from './metrics/frequent-keys.js'
import { createRedisMetrics } from './metrics/redis.js'
import type { Metrics } from './metrics/registry.js'
import { createAdjustmentStore } from './ratelimits/adjustments/store.js'
import { createCheckStore } from './ratelimits/checks/store.js'
import { DenyCache } from './ratelimits/deny-cache/deny-cache.js'
import { createDenyCacheMetric } from './ratelimits/deny-cache/metrics.js'
import { dropOnChanges, dropping, withDenyCache } from './ratelimits/deny-cache/stores.js'
import { createExceptionStore } from './ratelimits/exceptions/store.js'
import { createLimitLeaseStore } from './ratelimits/leases/store.js'
import { Circuits } from './ratelimits/outage/circuit.js'
import { createFallback } from './ratelimits/outage/fallback.js'
import { LocalLimiter } from './ratelimits/outage/local-limiter.js'
import { createCircuitMetric } from './ratelimits/outage/metrics.js'
import { parsePolicy } from './ratelimits/policies/parse.js'
import type { Policy } from './ratelimits/policies/policy.js'
import { createPolicyStore } from './ratelimits/policies/store.js'
import { createReservationStore } from './ratelimits/reservations/store.js'
import type { RateLimitStores } from './ratelimits/stores.js'
import { type Binder, createBinder } from './redis/binder.js'
import { RedisClock } from './redis/clock.js'
import { filedDocuments } from './redis/filed-documents.js'
import { layoutOf } from './redis/layout.js'
import type { Links } from './redis/links.js'
import { reachOf } from './redis/reach.js'
import { watchRedis } from './redis-watch.js'

export interface StoreDeps {
  readonly config: Config
  readonly links: Links
  readonly logger: FastifyBaseLogger
  /** Microseconds added to the server's time; tests drive it, production has none. */
  readonly clockOffsetUs?: () => number
  /** Where domains register for definitions of the file that change while the service runs. */
  readonly onReload?: OnReload<Config>
}

/** What the domains know of Redis. */
export interface Stores {
  readonly locks: LockStore
  readonly leaderboards: LeaderboardStore
  readonly ratelimits: RateLimitStores
  readonly cache: CacheStores & {
    readonly spaces: SpaceStore
    readonly hotKeys: FrequentKeys
    readonly leases: LeaseStore
  }
}

export function createStores(
  deps: StoreDeps,
  metrics: Metrics,
  lockMetrics: LockMetrics,
  turn: Turn,
): Stores {
  const { config, links, clockOffsetUs = () => 0 } = deps
  const observer = createRedisMetrics(metrics)
  const memory = watchRedis(deps, metrics)
  const meter = () => turn.meter
  const binder = createBinder({ link: links.commands, observer, clockOffsetUs, meter })
  const cacheBinder = createBinder({ link: links.cache, observer, clockOffsetUs, meter })
  const partitions = new Partitions(layoutOf(links.cache), config.cacheOnRestart)
  // A Redis of its own may be filled: nothing else lives there.
  const isTight = ({ namespace, space, key }: CacheKey) =>
    links.cacheProbe === undefined &&
    memory.isTight(() => partitions.keysOf(namespace, space, key).clock)
  let spacesOfFile = filedDocuments<SentPolicy>(config.definitions.spaces)
  deps.onReload?.(({ definitions }) => {
    spacesOfFile = filedDocuments(definitions.spaces)
  })
  const spaces = createSpaceStore({
    binder,
    signals: links.signals,
    parse: parseSpace,
    fromFile: () => spacesOfFile,
  })
  const hotKeys = new FrequentKeys()
  const l1 = new L1({
    partitions,
    signals: links.cacheSignals,
    metrics: createLevelMetrics(metrics, {
      labelOf: spaces.labelOf,
      busLagMs: links.cacheSignals.roundTripMs,
    }),
    now: () => performance.now() + clockOffsetUs() / 1_000,
  })
  const leaderboards = createLeaderboardStore({ binder })
  leaderboards.replaceTemplates(compileTemplates(config.definitions.leaderboards))
  deps.onReload?.((fresh) =>
    leaderboards.replaceTemplates(compileTemplates(fresh.definitions.leaderboards)),
  )
  const locks = createLockStore({
    binder,
    layout: layoutOf(links.commands),
    signals: links.signals,
    client: () => links.commands.client as Redis,
    metrics: lockMetrics,
    endedTtlMs: config.endedTtlMs,
    clockOffsetUs: deps.clockOffsetUs,
  })
  lockMetrics.countWaiters(locks.waiters)
  const leaseMetrics = createLeaseMetrics(metrics, spaces.labelOf)
  const caches = withL1(
    { l1, hotKeys },
    withReadGuard(
      new ReadGuard(config.cacheReadTimeoutMs),
      (...lost) => leases.forfeit(...lost),
      withHeadRoom(isTight, {
        entries: withFillCount(leaseMetrics, createEntryStore({ binder: cacheBinder, partitions })),
        counters: createCounterStore(cacheBinder, partitions),
        objects: createObjectStore(cacheBinder, partitions),
        invalidation: createInvalidationStore(cacheBinder, partitions),
      }),
    ),
  )
  const leases = createLeaseStore({
    binder: cacheBinder,
    partitions,
    signals: links.cacheSignals,
    entries: caches.entries,
    metrics: leaseMetrics,
  })
  return {
    locks,
    leaderboards,
    ratelimits: createRateLimitStores(deps, binder, metrics),
    cache: {
      ...caches,
      leases,
      hotKeys,
      spaces,
    },
  }
}

function createRateLimitStores(
  { config, links, onReload, clockOffsetUs = () => 0 }: StoreDeps,
  binder: Binder,
  metrics: Metrics,
): RateLimitStores {
  let filed = filedDocuments<Policy>(config.definitions.policies)
  onReload?.(({ definitions }) => {
    filed = filedDocuments(definitions.policies)
  })
  const clock = new RedisClock()
  const nowUs = () => Date.now() * 1_000 + clockOffsetUs()
  const steadyUs = () => performance.now() * 1_000 + clockOffsetUs()
  const denials = new DenyCache(steadyUs)
  dropOnChanges(denials, links.signals)
  const circuits = new Circuits({
    reach: reachOf(links.commands),
    timeoutMs: config.ratelimitTimeoutMs,
    onChange: createCircuitMetric(metrics),
  })
  const checks = createCheckStore({
    binder,
    clock,
    slotOf: (key) => links.commands.slotOf(key),
    circuits,
    fallback: createFallback(new LocalLimiter(config.instances, steadyUs), nowUs),
  })
  return {
    checks: withDenyCache(checks, denials, createDenyCacheMetric(metrics)),
    policies: createPolicyStore({
      binder,
      signals: links.signals,
      parse: parsePolicy,
      fromFile: () => filed,
    }),
    adjustments: dropping(createAdjustmentStore(binder, clock), denials, ['refund', 'reset']),
    exceptions: dropping(createExceptionStore(binder), denials, [
      'block',
      'override',
      'endOverride',
    ]),
    reservations: dropping(createReservationStore({ binder, clock, circuits }), denials, [
      'settle',
    ]),
    leases: createLimitLeaseStore(binder),
  }
}
