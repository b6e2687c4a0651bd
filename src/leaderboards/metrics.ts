import type { Metrics } from '../metrics/registry.js'

export interface LeaderboardMetrics {
  submitted(outcome: 'changed' | 'unchanged' | 'out-of-range' | 'stale-sequence'): void
  refused(outcome: 'closed' | 'conflict' | 'refused'): void
}

export function createLeaderboardMetrics(metrics: Metrics): LeaderboardMetrics {
  const entries = metrics.counter(
    'lockstep_leaderboards_entries_total',
    'Submitted entries by outcome',
    ['outcome'],
  )
  const refusals = metrics.counter(
    'lockstep_leaderboards_refused_total',
    'Submissions that were refused as a whole, by why',
    ['outcome'],
  )
  return {
    submitted: (outcome) => entries.labels(outcome).inc(),
    refused: (outcome) => refusals.labels(outcome).inc(),
  }
}
