import type { Metrics } from '../../metrics/registry.js'

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
