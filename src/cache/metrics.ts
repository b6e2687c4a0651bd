import { byLabel, type Metrics } from '../metrics/registry.js'

export type ReadResult = 'hit' | 'stale' | 'negative' | 'miss'
export type WriteResult = 'created' | 'replaced' | 'refused'

export interface CacheMetrics {
  read(result: ReadResult): void
  write(result: WriteResult): void
  invalidated(by: 'keys' | 'tags' | 'all', mode: 'soft' | 'hard', count: number): void
}

/** By space only where the configuration names it: spaces come from callers, labels must not. */
export function createCacheMetrics(metrics: Metrics): CacheMetrics {
  const reads = byLabel(
    metrics.counter('lockstep_cache_reads_total', 'Reads by what they found', ['result']),
  )
  const writes = byLabel(
    metrics.counter('lockstep_cache_writes_total', 'Writes by what came of them', ['result']),
  )
  const invalidations = metrics.counter(
    'lockstep_cache_invalidations_total',
    'Keys, tags and whole spaces that were invalidated',
    ['by', 'mode'],
  )
  return {
    read: (result) => reads(result).inc(),
    write: (result) => writes(result).inc(),
    invalidated: (by, mode, count) => invalidations.inc({ by, mode }, count),
  }
}
