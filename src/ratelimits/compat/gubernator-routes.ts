import { setImmediate } from 'node:timers/promises'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { acceptJson, LIST_BODY_BYTES } from '../../http/body.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import type { AdjustmentStore } from '../adjustments/store.js'
import { algorithmOf } from '../algorithms/algorithms.js'
import type { Decide } from '../checks/decide.js'
import { problemResponses } from '../problems.js'
import { type RateLimitReq, type RateLimitResp, type Translated, translate } from './gubernator.js'
import { GetRateLimitsRequest, GetRateLimitsResponse } from './gubernator-schemas.js'

export interface GubernatorOptions {
  readonly decide: Decide
  readonly adjustments: AdjustmentStore
}

/** So many take about 4 ms of the event loop; then others get their turn. */
const AT_ONCE = 100

type Limit = Exclude<Translated, { error: string }>

/** The JSON of gubernator: each request brings its limit along. */
export const gubernatorRoutes: FastifyPluginAsyncTypebox<GubernatorOptions> = async (
  app,
  { decide, adjustments },
) => {
  // Clients of the original send any content type, or none.
  acceptJson(app, '*')

  async function toResponse(namespace: string, request: RateLimitReq): Promise<RateLimitResp> {
    const limit = translate(request)
    if ('error' in limit) return failed(limit.error)
    if (limit.reset) return reset(namespace, limit)
    const { name, key, hits, policy, drain } = limit
    const limits = [{ ...policy, name, key, cost: Math.max(1, hits) }]
    const { results } = await decide(undefined, namespace, limits, {
      mode: 'each',
      // What is left is taken although it is not enough.
      take: drain ? 'up-to' : 'exact',
      peek: hits === 0,
    })
    const result = results[0]!
    const isUnder = hits === 0 ? result.allowed : result.granted === hits
    return {
      status: isUnder ? 'UNDER_LIMIT' : 'OVER_LIMIT',
      limit: String(policy.limit),
      remaining: String(result.remaining),
      reset_time: String(result.takenAtMs + result.resetAfterMs),
      error: '',
      metadata: result.degraded ? { degraded: result.degraded } : {},
    }
  }

  async function reset(namespace: string, { name, key, policy }: Limit): Promise<RateLimitResp> {
    await adjustments.reset(namespace, { name, key, policy, inline: true })
    return {
      status: 'UNDER_LIMIT',
      limit: String(policy.limit),
      remaining: String(algorithmOf(policy).maxCost(policy)),
      reset_time: '0',
      error: '',
      metadata: {},
    }
  }

  app.post(
    '/v1/GetRateLimits',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'getRateLimits',
        summary: 'Ask as clients of gubernator do',
        tags: ['ratelimits'],
        body: GetRateLimitsRequest,
        response: { 200: GetRateLimitsResponse, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async ({ namespace, body: { requests } }) => {
      const responses: RateLimitResp[] = []
      for (let from = 0; from < requests.length; from += AT_ONCE) {
        if (from > 0) await setImmediate()
        const some = requests.slice(from, from + AT_ONCE)
        const asked = some.map((request) => toResponse(namespace, request))
        responses.push(...(await Promise.all(asked)))
      }
      return { responses }
    },
  )
}

const failed = (error: string): RateLimitResp => ({
  status: 'UNDER_LIMIT',
  limit: '0',
  remaining: '0',
  reset_time: '0',
  error,
  metadata: {},
})
