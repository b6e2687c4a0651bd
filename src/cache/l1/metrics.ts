import { atScrape, type Metrics } from '../../metrics/registry.js'
import type { SpaceLabel } from '../metrics.js'
import type { SpaceCache } from './space-cache.js'

export interface L1MetricsOptions {
  readonly labelOf: SpaceLabel
  readonly busLagMs: () => number
}

export type L1Metrics = ReturnType<typeof createL1Metrics>

export function createL1Metrics(metrics: Metrics, { labelOf, busLagMs }: L1MetricsOptions) {
  const reads = metrics.counter(
    'lockstep_cache_l1_reads_total',
    'Reads of spaces with an L1, by space and result: hit; miss: to Redis; bypass: out of sync, to Redis; degraded: Redis did not answer',
    ['space', 'result'],
  )
  const evictions = metrics.counter(
    'lockstep_cache_l1_evictions_total',
    'Values that the L1 evicted because its bounds were reached, by space',
    ['space'],
  )
  const gaps = metrics.counter(
    'lockstep_cache_l1_gaps_total',
    'Times when messages were missed, or may have been, and the L1 of a partition was emptied',
  )
  const refusals = metrics.counter(
    'lockstep_cache_l1_refused_total',
    'Values that are larger than the bound of the L1 of their space, by space',
    ['space'],
  )
  const forgotten = metrics.counter(
    'lockstep_cache_l1_forgotten_total',
    'Least recently used spaces and partitions of namespaces that left the L1 for others',
    ['what'],
  )
  const lag = metrics.gauge(
    'lockstep_cache_l1_bus_lag_seconds',
    'Round trip of the last ping on the pub/sub connection, behind the messages of changes',
  )
  atScrape(lag, () => lag.set(busLagMs() / 1_000))
  return {
    read(space: string, result: 'hit' | 'miss' | 'bypass' | 'degraded'): void {
      reads.labels(labelOf(space), result).inc()
    },
    evicted(space: string): void {
      evictions.labels(labelOf(space)).inc()
    },
    gap(): void {
      gaps.inc()
    },
    refused(space: string): void {
      refusals.labels(labelOf(space)).inc()
    },
    forgotten(what: 'space' | 'partition'): void {
      forgotten.labels(what).inc()
    },
    watch: exposeSizes(metrics, labelOf),
  }
}

function exposeSizes(metrics: Metrics, labelOf: SpaceLabel) {
  const entries = metrics.gauge(
    'lockstep_cache_l1_entries',
    'Values in the L1 of this process, by space',
    ['space'],
  )
  const bytes = metrics.gauge(
    'lockstep_cache_l1_bytes',
    'Bytes in the L1 of this process, by space',
    ['space'],
  )
  return (spaces: () => Iterable<SpaceCache>): void => {
    // Read before `bytes`, which it sets as well.
    atScrape(entries, () => {
      entries.reset()
      bytes.reset()
      for (const { space, values } of spaces()) {
        entries.inc({ space: labelOf(space) }, values.size)
        bytes.inc({ space: labelOf(space) }, values.bytes)
      }
    })
  }
}
