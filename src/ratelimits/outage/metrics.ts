import type { Metrics } from '../../metrics/registry.js'

/** @returns what is told how many servers of Redis checks are not sent to. */
export function createCircuitMetric(metrics: Metrics): (open: number) => void {
  const gauge = metrics.gauge(
    'lockstep_ratelimits_circuits_open',
    'Servers of Redis that checks of limits are not sent to, because they did not answer',
  )
  return (open) => gauge.set(open)
}
