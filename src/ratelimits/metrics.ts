import { byLabel, type Metrics } from '../metrics/registry.js'

export interface RateLimitMetrics {
  decided(allowed: boolean): void
}

export function createRateLimitMetrics(metrics: Metrics): RateLimitMetrics {
  const decisions = byLabel(
    metrics.counter('lockstep_ratelimits_decisions_total', 'Checks by what was decided', [
      'outcome',
    ]),
  )
  return { decided: (isAllowed) => decisions(isAllowed ? 'allowed' : 'denied').inc() }
}
