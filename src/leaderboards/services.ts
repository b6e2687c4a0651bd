import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { LeaderboardMetrics } from './metrics.js'
import type { LeaderboardStore } from './store.js'

/** What the routes of the domain use. */
export interface LeaderboardServices {
  readonly store: LeaderboardStore
  readonly metrics: LeaderboardMetrics
  readonly idempotencyTtlMs: number
}

export type LeaderboardRoutes = FastifyPluginAsyncTypebox<LeaderboardServices>
