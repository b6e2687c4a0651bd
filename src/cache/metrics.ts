import { LRUCache } from 'lru-cache'
import { atScrape, type Metrics } from '../metrics/registry.js'
import type { LeveledReply } from './entries/store.js'
import type { MarkReply } from './invalidation/scripts.js'
import type { SpaceName, SpaceUsages } from './spaces/usage.js'

export type ReadResult = 'hit' | 'stale' | 'negative' | 'miss'
export type ReadLevel = 'L1' | 'redis' | 'degraded'
export type WriteResult = 'created' | 'replaced' | 'refused'

/** The name of a space of the configuration file, else `other`: callers invent names, labels are few. */
export type SpaceLabel = (space: string) => string

const USAGES = { hit: 'hits', stale: 'stale', negative: 'negative', miss: 'misses' } as const

export type CacheMetrics = ReturnType<typeof createCacheMetrics>

export function createCacheMetrics(
  metrics: Metrics,
  labelOf: SpaceLabel,
  usages: Pick<SpaceUsages, 'count'>,
) {
  const reads = metrics.counter(
    'lockstep_cache_reads_total',
    'Reads by space (of the configuration file, otherwise `other`), result, and level: Redis, the memory of the process (L1), or that memory because Redis did not answer (degraded)',
    ['space', 'level', 'result'],
  )
  const writes = metrics.counter('lockstep_cache_writes_total', 'Writes by space and result', [
    'space',
    'result',
  ])
  const invalidations = metrics.counter(
    'lockstep_cache_invalidations_total',
    'Keys, tags and whole spaces that were invalidated, by space',
    ['space', 'by', 'mode'],
  )
  return {
    /** @param level of the answer, if not Redis */
    read(name: SpaceName, result: ReadResult, level: ReadLevel = 'redis', count = 1): void {
      reads.labels(labelOf(name.space), level, result).inc(count)
      usages.count(name, USAGES[result], count)
    },
    write(space: string, result: WriteResult): void {
      writes.labels(labelOf(space), result).inc()
    },
    invalidated(
      space: string,
      by: 'keys' | 'tags' | 'all',
      mode: 'soft' | 'hard',
      count: number,
    ): void {
      invalidations.labels(labelOf(space), by, mode).inc(count)
    },
  }
}

export type LeaseMetrics = ReturnType<typeof createLeaseMetrics>

export function createLeaseMetrics(metrics: Metrics, labelOf: SpaceLabel) {
  const leases = metrics.counter(
    'lockstep_cache_leases_total',
    'Reads that offered to load, by result: granted, held by another, backoff after a failed load; expired: granted after a loader let its lease run out',
    ['space', 'result'],
  )
  const fills = metrics.counter(
    'lockstep_cache_fills_total',
    'Values loaded under a lease: accepted, or refused as too late',
    ['space', 'result'],
  )
  const refreshes = metrics.counter(
    'lockstep_cache_refreshes_total',
    'Leases granted while there was a value: early while it was fresh, otherwise stale',
    ['space', 'reason'],
  )
  const waiting = metrics.gauge(
    'lockstep_cache_waiters',
    'Requests of this process that wait for a key to be loaded',
  )
  return {
    asked(space: string, { lease, entry }: LeveledReply): void {
      if (lease.kind === 'none') return
      leases.labels(labelOf(space), lease.kind).inc()
      if (lease.kind !== 'granted') return
      if (lease.ranOut) leases.labels(labelOf(space), 'expired').inc()
      if (entry) refreshes.labels(labelOf(space), entry.state === 'fresh' ? 'early' : 'stale').inc()
    },
    filled(space: string, result: 'accepted' | 'refused'): void {
      fills.labels(labelOf(space), result).inc()
    },
    watch(waiters: () => number): void {
      atScrape(waiting, () => waiting.set(waiters()))
    },
  }
}

export type MarkMetrics = ReturnType<typeof createMarkMetrics>

/** Partitions whose marks are known; callers invent namespaces. */
const MAX_CLOCKS = 1_024

export function createMarkMetrics(metrics: Metrics) {
  const known = new LRUCache<string, number>({ max: MAX_CLOCKS })
  const marks = metrics.gauge(
    'lockstep_cache_marks',
    'Marks of the partition that has most of them, among the last 1024 in which this process invalidated a tag or a space',
  )
  atScrape(marks, () => marks.set(Math.max(0, ...known.values())))
  const folded = metrics.counter(
    'lockstep_cache_marks_folded_total',
    'Marks that were folded into one for all older entries of their kind, because there were too many',
  )
  return {
    marked(clock: string, reply: MarkReply): void {
      known.set(clock, reply.marks)
      folded.inc(reply.folded)
    },
  }
}

export type SweepMetrics = ReturnType<typeof createSweepMetrics>

export function createSweepMetrics(metrics: Metrics) {
  const swept = metrics.counter(
    'lockstep_cache_swept_total',
    'Dead entries that this process dropped, after a hard invalidation of their space or a flush after a restart',
  )
  const sweeps = metrics.gauge(
    'lockstep_cache_sweeps_pending',
    'Spaces and servers that instances sweep for dead entries, or will, as this process last read',
  )
  return {
    swept(entries: number): void {
      swept.inc(entries)
    },
    watch(pending: () => number): void {
      atScrape(sweeps, () => sweeps.set(pending()))
    },
  }
}
