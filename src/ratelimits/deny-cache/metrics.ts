import type { Metrics } from '../../metrics/registry.js'

/** @returns what is called for each check that was answered without Redis. */
export function createDenyCacheMetric(metrics: Metrics): () => void {
  const hits = metrics.counter(
    'lockstep_ratelimits_deny_cache_hits_total',
    'Checks denied from the memory of this process, without asking Redis',
  )
  return () => hits.inc()
}
