import type { FrequentKeys } from '../metrics/frequent-keys.js'
import type { Metrics } from '../metrics/registry.js'
import { capacityOf } from './algorithms/algorithms.js'
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
  readonly limit: number
  readonly remaining: number
  readonly granted: number
  readonly shadow?: boolean
  readonly degraded?: 'open' | 'local'
}

export interface RateLimitMetrics {
  /**
   * Counts each limit by what it said. One that had room, in a check that another limit denied,
   * decided nothing and is not counted. Denied subjects are remembered, the most frequent of them.
   */
  recordDecision(
    namespace: string,
    limits: readonly LimitRequest[],
    results: readonly Result[],
  ): void
  /** The check was a 503, for Redis did not answer. */
  recordFailClosed(limits: readonly LimitRequest[]): void
}

/** Names of stored policies come from callers, those of the file from whoever runs the service. */
const OTHERS = 'other'

/**
 * @param inFile policies of the configuration file: their names are labels
 * @param denied counts the subjects of stored policies that are denied
 */
export function createRateLimitMetrics(
  metrics: Metrics,
  inFile: { current(): object },
  denied: FrequentKeys,
): RateLimitMetrics {
  const decisions = metrics.counter(
    'lockstep_ratelimits_decisions_total',
    'Limits that were checked, by policy (of the configuration file, else `other`) and by what was decided',
    ['policy', 'outcome'],
  )
  const near = metrics.counter(
    'lockstep_ratelimits_near_limit_total',
    'Limits that were checked and allowed, and had a fifth or less of what they hold left after it',
    ['policy'],
  )
  const labelOf = ({ name, inline }: LimitRequest) =>
    !inline && Object.hasOwn(inFile.current(), name) ? name : OTHERS
  return {
    recordDecision(namespace, limits, results) {
      for (let i = 0; i < limits.length; i++) {
        const limit = limits[i] as LimitRequest
        const result = results[i] as Result
        const decision = toDecision(result)
        if (decision) decisions.labels(labelOf(limit), decision).inc()
        if (decision === 'denied' && !limit.inline) denied.saw(namespace, limit.name, limit.key)
        if (decision === 'allowed' && isNear(limit, result)) near.labels(labelOf(limit)).inc()
      }
    },
    recordFailClosed(limits) {
      for (const limit of limits) decisions.labels(labelOf(limit), 'fail-closed').inc()
    },
  }
}

const NEAR = 0.8

/** An override replaces the limit of the policy, and is what the answer tells. */
function isNear({ policy }: LimitRequest, { limit, remaining }: Result): boolean {
  const most = capacityOf(policy, limit)
  return most - remaining >= most * NEAR
}

function toDecision({ allowed, granted, shadow, degraded }: Result): Decision | undefined {
  if (degraded === 'local') return 'local'
  if (!allowed) return shadow ? 'shadow-denied' : 'denied'
  if (granted === 0) return undefined
  return degraded === 'open' ? 'fail-open' : 'allowed'
}

/** @returns what is called for each check that was answered without Redis. */
export function createDenyCacheMetric(metrics: Metrics): () => void {
  const hits = metrics.counter(
    'lockstep_ratelimits_deny_cache_hits_total',
    'Checks denied from the memory of this process, without asking Redis',
  )
  return () => hits.inc()
}

/** @returns what is told how many servers of Redis checks are not sent to. */
export function createCircuitMetric(metrics: Metrics): (open: number) => void {
  const gauge = metrics.gauge(
    'lockstep_ratelimits_circuits_open',
    'Servers of Redis that checks of limits are not sent to, because they did not answer',
  )
  return (open) => gauge.set(open)
}
