import type { CacheMetrics } from './metrics.js'
import type { PolicyOf } from './spaces/store.js'

/** What routes that change keys need, besides the stores of their resource. */
export interface RouteOptions {
  readonly policyOf: PolicyOf
  readonly metrics: CacheMetrics
  readonly idempotencyTtlMs: number
}
