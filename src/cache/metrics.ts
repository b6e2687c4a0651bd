import { byLabels, type Metrics } from '../metrics/registry.js'
import type { SpaceName, SpaceUsages } from './spaces/usage.js'

export type ReadResult = 'hit' | 'stale' | 'negative' | 'miss'
export type ReadLevel = 'L1' | 'redis' | 'degraded'
export type WriteResult = 'created' | 'replaced' | 'refused'

/** The name of a space of the configuration file, else `other`: callers make names up, labels not. */
export type SpaceLabel = (space: string) => string

export interface CacheMetrics {
  /** @param level where the answer came from, if not from Redis */
  read(space: SpaceName, result: ReadResult, level?: ReadLevel): void
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
  const reads = byLabels(
    metrics.counter(
      'lockstep_cache_reads_total',
      'Reads by space (of the configuration file, else `other`), by what they found, and where: in Redis, in the memory of the process (L1), or there because Redis did not answer (degraded)',
      ['space', 'level', 'result'],
    ),
  )
  const writes = byLabels(
    metrics.counter('lockstep_cache_writes_total', 'Writes by space and what came of them', [
      'space',
      'result',
    ]),
  )
  const invalidations = byLabels(
    metrics.counter(
      'lockstep_cache_invalidations_total',
      'Keys, tags and whole spaces that were invalidated, by space',
      ['space', 'by', 'mode'],
    ),
  )
  return {
    read(name, result, level = 'redis') {
      reads(labelOf(name.space), level, result).inc()
      usages.count(name, USAGES[result])
    },
    write: (space, result) => writes(labelOf(space), result).inc(),
    invalidated: (space, by, mode, count) => invalidations(labelOf(space), by, mode).inc(count),
  }
}
