import { atScrape, type Metrics } from '../metrics/registry.js'
import type { LeveledReply } from './entries/store.js'
import type { MarkReply } from './invalidation/scripts.js'
import type { SpaceName, SpaceUsages } from './spaces/usage.js'

export type ReadResult = 'hit' | 'stale' | 'negative' | 'miss'
export type ReadLevel = 'L1' | 'redis' | 'degraded'
export type WriteResult = 'created' | 'replaced' | 'refused'

/** The name of a space of the configuration file, else `other`: callers make names up, labels not. */
export type SpaceLabel = (space: string) => string

export interface CacheMetrics {
  /** @param level where the answer came from, if not from Redis */
  read(space: SpaceName, result: ReadResult, level?: ReadLevel, count?: number): void
  write(space: string, result: WriteResult): void
  invalidated(
    space: string,
    by: 'keys' | 'tags' | 'all',
    mode: 'soft' | 'hard',
    count: number,
  ): void
}

const USAGES = { hit: 'hits', stale: 'stale', negative: 'negative', miss: 'misses' } as const

export function createCacheMetrics(
  metrics: Metrics,
  labelOf: SpaceLabel,
  usages: Pick<SpaceUsages, 'count'>,
): CacheMetrics {
  const reads = metrics.counter(
    'lockstep_cache_reads_total',
    'Reads by space (of the configuration file, else `other`), by what they found, and where: in Redis, in the memory of the process (L1), or there because Redis did not answer (degraded)',
    ['space', 'level', 'result'],
  )
  const writes = metrics.counter(
    'lockstep_cache_writes_total',
    'Writes by space and what came of them',
    ['space', 'result'],
  )
  const invalidations = metrics.counter(
    'lockstep_cache_invalidations_total',
    'Keys, tags and whole spaces that were invalidated, by space',
    ['space', 'by', 'mode'],
  )
  return {
    read(name, result, level = 'redis', count = 1) {
      reads.labels(labelOf(name.space), level, result).inc(count)
      usages.count(name, USAGES[result], count)
    },
    write: (space, result) => writes.labels(labelOf(space), result).inc(),
    invalidated: (space, by, mode, count) =>
      invalidations.labels(labelOf(space), by, mode).inc(count),
  }
}

export interface LeaseMetrics {
  asked(space: string, reply: LeveledReply): void
  filled(space: string, result: 'accepted' | 'refused'): void
  /** @param waiters asked at each scrape. */
  watch(waiters: () => number): void
}

export function createLeaseMetrics(metrics: Metrics, labelOf: SpaceLabel): LeaseMetrics {
  const leases = metrics.counter(
    'lockstep_cache_leases_total',
    'What reads that offered to load were told: won, held by another, backoff after a failed load; expired: leases that their loader let run out, noticed by the next winner',
    ['space', 'result'],
  )
  const fills = metrics.counter(
    'lockstep_cache_fills_total',
    'Values loaded under a lease, by whether they were in time',
    ['space', 'result'],
  )
  const refreshes = metrics.counter(
    'lockstep_cache_refreshes_total',
    'Leases won while there was a value: early while it was fresh, else stale',
    ['space', 'reason'],
  )
  const waiting = metrics.gauge(
    'lockstep_cache_waiters',
    'Requests of this process that wait for a key to be loaded',
  )
  return {
    asked(space, { lease, entry }) {
      if (lease.kind === 'none') return
      leases.labels(labelOf(space), lease.kind).inc()
      if (lease.kind !== 'won') return
      if (lease.ranOut) leases.labels(labelOf(space), 'expired').inc()
      if (entry) refreshes.labels(labelOf(space), entry.state === 'fresh' ? 'early' : 'stale').inc()
    },
    filled: (space, result) => fills.labels(labelOf(space), result).inc(),
    watch(waiters) {
      atScrape(waiting, () => waiting.set(waiters()))
    },
  }
}

export interface MarkMetrics {
  /** @param clock the key that marks stand in */
  marked(clock: string, reply: MarkReply): void
}

/** Clocks whose marks are known; callers make namespaces up. */
const MAX_CLOCKS = 1_024

export function createMarkMetrics(metrics: Metrics): MarkMetrics {
  const known = new Map<string, number>()
  const marks = metrics.gauge(
    'lockstep_cache_marks',
    'Marks of the partition that has most of them, of the 1024 in which this process invalidated a tag or a space last',
  )
  Object.assign(marks, { collect: () => marks.set(Math.max(0, ...known.values())) })
  const folded = metrics.counter(
    'lockstep_cache_marks_folded_total',
    'Marks that were folded into one for all older entries of their kind, because there were too many',
  )
  return {
    marked(clock, reply) {
      known.delete(clock)
      known.set(clock, reply.marks)
      if (known.size > MAX_CLOCKS) known.delete(known.keys().next().value as string)
      folded.inc(reply.folded)
    },
  }
}

export interface SweepMetrics {
  swept(entries: number): void
  /** @param pending asked at each scrape. */
  watch(pending: () => number): void
}

export function createSweepMetrics(metrics: Metrics): SweepMetrics {
  const swept = metrics.counter(
    'lockstep_cache_swept_total',
    'Entries that a hard invalidation of their space or a flush after a restart had ended, dropped by this process',
  )
  const sweeps = metrics.gauge(
    'lockstep_cache_sweeps_pending',
    'Spaces and servers that some instance looks through for dead entries, or will, as this process last heard',
  )
  return {
    swept: (entries) => swept.inc(entries),
    watch(pending) {
      Object.assign(sweeps, { collect: () => sweeps.set(pending()) })
    },
  }
}
