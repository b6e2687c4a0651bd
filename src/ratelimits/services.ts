import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { FrequentKeys } from '../metrics/frequent-keys.js'
import { createAnswers } from './checks/answer.js'
import { createDecide } from './checks/decide.js'
import { createRateLimitMetrics } from './metrics.js'
import { createRateLimitStores, type RateLimitDeps } from './stores.js'

/** What the routes of the domain use: its stores, and how checks are decided, answered and counted. */
export function createServices(deps: RateLimitDeps) {
  const stores = createRateLimitStores(deps)
  const denied = new FrequentKeys()
  const metrics = createRateLimitMetrics(deps.metrics, deps.definitions, denied)
  const answers = createAnswers(metrics, deps.settings.ratelimitHeaders)
  const decide = createDecide({ ...stores, metrics, answers })
  const { idempotencyTtlMs } = deps.settings
  return { ...stores, denied, metrics, answers, decide, idempotencyTtlMs }
}

export type RateLimitRoutes = FastifyPluginAsyncTypebox<ReturnType<typeof createServices>>
