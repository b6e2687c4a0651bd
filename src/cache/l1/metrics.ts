import { atScrape, type Metrics } from '../../metrics/registry.js'
import type { SpaceLabel } from '../metrics.js'

/** What the memory of the process holds of one space. */
export interface SpaceSize {
  readonly namespace: string
  readonly space: string
  readonly entries: number
  readonly bytes: number
}

export interface L1Metrics {
  /** hit; miss: to Redis; bypass: out of sync, to Redis; degraded: Redis did not answer. */
  read(space: string, result: 'hit' | 'miss' | 'bypass' | 'degraded'): void
  evicted(space: string): void
  gap(): void
  /** A value was larger than its space may hold. */
  refused(space: string): void
  /** The one used longest ago had to go for another. */
  forgotten(what: 'space' | 'partition'): void
  /** @param sizes asked at each scrape. */
  watch(sizes: () => readonly SpaceSize[]): void
}

export interface L1MetricsOptions {
  readonly labelOf: SpaceLabel
  readonly busLagMs: () => number
}

export function createL1Metrics(
  metrics: Metrics,
  { labelOf, busLagMs }: L1MetricsOptions,
): L1Metrics {
  const reads = metrics.counter(
    'lockstep_cache_l1_reads_total',
    'Reads of spaces with an L1, by space and what it could do',
    ['space', 'result'],
  )
  const evictions = metrics.counter(
    'lockstep_cache_l1_evictions_total',
    'Values that had to leave the L1 for lack of room, by space',
    ['space'],
  )
  const gaps = metrics.counter(
    'lockstep_cache_l1_gaps_total',
    'Times when messages were missed, or may have been, and a partition of the L1 was emptied',
  )
  const refusals = metrics.counter(
    'lockstep_cache_l1_refused_total',
    'Values that are larger than all that the L1 of their space may hold, by space',
    ['space'],
  )
  const forgotten = metrics.counter(
    'lockstep_cache_l1_forgotten_total',
    'Spaces and partitions of namespaces that left the L1 for others, those used longest ago first',
    ['what'],
  )
  const watch = exposeSizes(metrics, labelOf)
  const lag = metrics.gauge(
    'lockstep_cache_l1_bus_lag_seconds',
    'Round trip of the last ping on the connection that hears of changes, behind which they queue',
  )
  atScrape(lag, () => lag.set(busLagMs() / 1_000))
  return {
    read: (space, result) => reads.labels(labelOf(space), result).inc(),
    evicted: (space) => evictions.labels(labelOf(space)).inc(),
    gap: () => gaps.inc(),
    refused: (space) => refusals.labels(labelOf(space)).inc(),
    forgotten: (what) => forgotten.labels(what).inc(),
    watch,
  }
}

function exposeSizes(metrics: Metrics, labelOf: SpaceLabel): L1Metrics['watch'] {
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
  return (sizes) => {
    // Before bytes, which it fills as well.
    Object.assign(entries, {
      collect() {
        entries.reset()
        bytes.reset()
        for (const size of sizes()) {
          const space = labelOf(size.space)
          entries.inc({ space }, size.entries)
          bytes.inc({ space }, size.bytes)
        }
      },
    })
  }
}
