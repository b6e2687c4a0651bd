import type { Metrics } from '../metrics/registry.js'
import type { SubmitReply, SubmittedReply } from './submissions/scripts.js'

export type LeaderboardMetrics = ReturnType<typeof createLeaderboardMetrics>

export function createLeaderboardMetrics(metrics: Metrics) {
  const entries = metrics.counter(
    'lockstep_leaderboards_entries_total',
    'Submitted entries by outcome',
    ['outcome'],
  )
  const refusals = metrics.counter(
    'lockstep_leaderboards_refused_total',
    'Submissions that were refused as a whole, by reason',
    ['outcome'],
  )
  return {
    recordEntry: (outcome: SubmittedReply['kind']) => entries.labels(outcome).inc(),
    recordRefusal: (outcome: Exclude<SubmitReply['kind'], 'submitted'> | 'refused') =>
      refusals.labels(outcome).inc(),
  }
}
