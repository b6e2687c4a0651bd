import type { Metrics } from '../metrics/registry.js'

export interface RateLimitMetrics {
  decided(allowed: boolean): void
}

export function createRateLimitMetrics(metrics: Metrics): RateLimitMetrics {
  const decisions = metrics.counter(
    'lockstep_ratelimits_decisions_total',
    'Checks by what was decided',
    ['outcome'],
  )
  const allowed = decisions.labels('allowed')
  const denied = decisions.labels('denied')
  return { decided: (isAllowed) => (isAllowed ? allowed : denied).inc() }
}
