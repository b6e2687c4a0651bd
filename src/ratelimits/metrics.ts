import type { Static } from 'typebox'
import type { FrequentKeys } from '../metrics/frequent-keys.js'
import type { Metrics } from '../metrics/registry.js'
import { capacityOf } from './algorithms/algorithms.js'
import type { CheckResponse } from './checks/schemas.js'
import type { LimitRequest } from './checks/store.js'

type Result = Pick<
  Static<typeof CheckResponse>['results'][number],
  'allowed' | 'limit' | 'remaining' | 'granted' | 'shadow' | 'degraded'
>

export type RateLimitMetrics = ReturnType<typeof createRateLimitMetrics>

/** The label of inline limits and of stored policies, because callers choose those names. */
const OTHERS = 'other'

/**
 * @param inFile policies of the configuration file: their names are labels
 * @param denied counts the denied subjects of stored policies
 */
export function createRateLimitMetrics(
  metrics: Metrics,
  inFile: { current(): object },
  denied: FrequentKeys,
) {
  const decisions = metrics.counter(
    'lockstep_ratelimits_decisions_total',
    'Decisions about limits, by policy (of the configuration file, otherwise `other`) and outcome',
    ['policy', 'outcome'],
  )
  const near = metrics.counter(
    'lockstep_ratelimits_near_limit_total',
    'Allowed checks that left a fifth of the limit or less',
    ['policy'],
  )
  const labelOf = ({ name, inline }: LimitRequest) =>
    !inline && Object.hasOwn(inFile.current(), name) ? name : OTHERS
  return {
    /**
     * Counts each limit by its outcome, and the subjects that were denied. A limit with room, in a check
     * that another limit denied, is not counted.
     */
    recordDecision(
      namespace: string,
      limits: readonly LimitRequest[],
      results: readonly Result[],
    ): void {
      for (let i = 0; i < limits.length; i++) {
        const limit = limits[i] as LimitRequest
        const result = results[i] as Result
        const decision = toDecision(result)
        if (decision) decisions.labels(labelOf(limit), decision).inc()
        if (decision === 'denied' && !limit.inline) denied.saw(namespace, limit.name, limit.key)
        if (decision === 'allowed' && isNear(limit, result)) near.labels(labelOf(limit)).inc()
      }
    },
    /** The check was a 503, because Redis did not answer. */
    recordFailClosed(limits: readonly LimitRequest[]): void {
      for (const limit of limits) decisions.labels(labelOf(limit), 'fail-closed').inc()
    },
  }
}

const NEAR = 0.8

/** @param result its limit is that of the override, if there is one */
function isNear({ policy }: LimitRequest, { limit, remaining }: Result): boolean {
  const capacity = capacityOf(policy, limit)
  return capacity - remaining >= capacity * NEAR
}

function toDecision({ allowed, granted, shadow, degraded }: Result) {
  if (degraded === 'local') return 'local'
  if (!allowed) return shadow ? 'shadow-denied' : 'denied'
  if (granted === 0) return undefined
  return degraded === 'open' ? 'fail-open' : 'allowed'
}

/** @returns to be called for each check that is answered without Redis */
export function createDenyCacheMetric(metrics: Metrics): () => void {
  const hits = metrics.counter(
    'lockstep_ratelimits_deny_cache_hits_total',
    'Checks denied from the memory of this process, without asking Redis',
  )
  return () => hits.inc()
}

/** @returns to be called with the number of open circuits */
export function createCircuitMetric(metrics: Metrics): (open: number) => void {
  const gauge = metrics.gauge(
    'lockstep_ratelimits_circuits_open',
    'Servers of Redis to which no checks are sent, because they did not answer',
  )
  return (open) => gauge.set(open)
}
