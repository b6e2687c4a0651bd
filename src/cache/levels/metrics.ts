import type { Metrics } from '../../metrics/registry.js'

export interface LevelMetrics {
  /** hit; miss: to Redis; bypass: out of sync, to Redis; degraded: Redis did not answer. */
  read(result: 'hit' | 'miss' | 'bypass' | 'degraded'): void
  evicted(): void
  gap(): void
  /** @param sizes asked at each scrape. */
  watch(sizes: () => { readonly entries: number; readonly bytes: number }): void
}

export function createLevelMetrics(metrics: Metrics, busLagMs: () => number): LevelMetrics {
  const reads = metrics.counter(
    'lockstep_cache_l1_reads_total',
    'Reads of spaces with an L1, by what it could do',
    ['result'],
  )
  const evictions = metrics.counter(
    'lockstep_cache_l1_evictions_total',
    'Values that had to leave the L1 for lack of room',
  )
  const gaps = metrics.counter(
    'lockstep_cache_l1_gaps_total',
    'Times when messages were missed, or may have been, and a partition of the L1 was emptied',
  )
  const entries = metrics.gauge('lockstep_cache_l1_entries', 'Values in the L1 of this process')
  const bytes = metrics.gauge('lockstep_cache_l1_bytes', 'Bytes in the L1 of this process')
  const lag = metrics.gauge(
    'lockstep_cache_l1_bus_lag_seconds',
    'Round trip of the last ping on the connection that hears of changes, behind which they queue',
  )
  const hit = reads.labels({ result: 'hit' })
  return {
    read: (result) => (result === 'hit' ? hit.inc() : reads.inc({ result })),
    evicted: () => evictions.inc(),
    gap: () => gaps.inc(),
    watch(sizes) {
      Object.assign(entries, {
        collect() {
          const now = sizes()
          entries.set(now.entries)
          bytes.set(now.bytes)
          lag.set(busLagMs() / 1_000)
        },
      })
    },
  }
}
