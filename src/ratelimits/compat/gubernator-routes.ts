import { setImmediate } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { acceptJson, LIST_BODY_BYTES } from '../../http/body.js'
import { algorithmOf } from '../algorithms/algorithms.js'
import { toKey } from '../authz/template.js'
import { responses } from '../problems.js'
import type { RateLimitRoutes } from '../services.js'
import { type RateLimitReq, type RateLimitResp, translate, uniqueKeyOf } from './gubernator.js'
import { GetRateLimitsRequest, GetRateLimitsResponse } from './gubernator-schemas.js'

/** Checks between two turns of the event loop: they take about 4 ms. */
const AT_ONCE = 100

/** What is the same in most answers. */
const UNDER = {
  status: 'UNDER_LIMIT',
  limit: '0',
  remaining: '0',
  reset_time: '0',
  error: '',
  metadata: {},
} as const

/** The JSON of gubernator: each request contains its limit. */
export const gubernatorRoutes: RateLimitRoutes = async (app, { decide, adjustments }) => {
  // Clients of the original send any content type, or none.
  acceptJson(app, '*')

  async function toResponse(namespace: string, request: RateLimitReq): Promise<RateLimitResp> {
    const limit = translate(request)
    if ('error' in limit) return { ...UNDER, error: limit.error }
    const { name, key, hits, policy, drain } = limit
    if (limit.reset) {
      await adjustments.reset(namespace, { name, key, policy, inline: true })
      const remaining = String(algorithmOf(policy).maxCost(policy))
      return { ...UNDER, limit: String(policy.limit), remaining }
    }
    const limits = [{ ...policy, name, key, cost: Math.max(1, hits) }]
    const { results } = await decide(undefined, namespace, limits, {
      mode: 'each',
      // Draining takes what remains even if it is not enough.
      take: drain ? 'up-to' : 'exact',
      peek: hits === 0,
    })
    const result = results[0]!
    const isUnder = hits === 0 ? result.allowed : result.granted === hits
    return {
      status: isUnder ? 'UNDER_LIMIT' : 'OVER_LIMIT',
      limit: String(policy.limit),
      remaining: String(result.remaining),
      reset_time: String(Date.parse(result.takenAt) + result.resetAfterMs),
      error: '',
      metadata: result.degraded ? { degraded: result.degraded } : {},
    }
  }

  app.post(
    '/v1/GetRateLimits',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'ratelimits:write', served: 'without-redis', names: subjectsIn },
      schema: {
        hide: true,
        body: GetRateLimitsRequest,
        response: responses(GetRateLimitsResponse),
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

/** The names as callers send them: they are part of no stored policy. */
const subjectsIn = ({ body }: FastifyRequest) =>
  (body as Static<typeof GetRateLimitsRequest>).requests.map((request) => ({
    name: request.name ?? '',
    key: toKey(uniqueKeyOf(request)),
  }))
