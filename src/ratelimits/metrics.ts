import type { Counter } from 'prom-client'
import { byLabel, type Metrics } from '../metrics/registry.js'
import type { LimitRequest } from './checks/store.js'

export type Decision =
  | 'allowed'
  | 'denied'
  | 'shadow-denied'
  | 'fail-open'
  | 'fail-closed'
  | 'local'

interface Result {
  readonly allowed: boolean
  readonly granted: number
  readonly shadow?: boolean
  readonly degraded?: 'open' | 'local'
}

export interface RateLimitMetrics {
  /**
   * Counts each limit by what it said. One that had room, in a check that another limit denied,
   * decided nothing and is not counted.
   */
  decided(limits: readonly LimitRequest[], results: readonly Result[]): void
  /** The check was a 503, for Redis did not answer. */
  failedClosed(limits: readonly LimitRequest[]): void
}

/** Names of stored policies come from callers, those of the file from whoever runs the service. */
const OTHERS = 'other'

/** @param isInFile whether a policy stands in the configuration file, so that its name is a label. */
export function createRateLimitMetrics(
  metrics: Metrics,
  isInFile: (name: string) => boolean,
): RateLimitMetrics {
  const decisions = byPolicy(
    metrics.counter(
      'lockstep_ratelimits_decisions_total',
      'Limits that were checked, by policy (of the configuration file, else `other`) and by what was decided',
      ['policy', 'outcome'],
    ),
  )
  const labelOf = ({ name, inline }: LimitRequest) => (!inline && isInFile(name) ? name : OTHERS)
  return {
    decided(limits, results) {
      for (const [i, limit] of limits.entries()) {
        const decision = toDecision(results[i] as Result)
        if (decision) decisions(labelOf(limit), decision).inc()
      }
    },
    failedClosed(limits) {
      for (const limit of limits) decisions(labelOf(limit), 'fail-closed').inc()
    },
  }
}

function toDecision({ allowed, granted, shadow, degraded }: Result): Decision | undefined {
  if (degraded === 'local') return 'local'
  if (!allowed) return shadow ? 'shadow-denied' : 'denied'
  if (granted === 0) return undefined
  return degraded === 'open' ? 'fail-open' : 'allowed'
}

/** Children by two labels, each looked up once. */
function byPolicy(counter: Counter<'policy' | 'outcome'>) {
  const policies = new Map<string, (outcome: Decision) => Counter.Internal>()
  return (policy: string, outcome: Decision) => {
    let children = policies.get(policy)
    if (!children) {
      children = byLabel({
        labels: (value: string) => counter.labels(policy, value),
      } as Counter<string>)
      policies.set(policy, children)
    }
    return children(outcome)
  }
}
