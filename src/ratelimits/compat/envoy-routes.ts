import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { acceptJson } from '../../http/body.js'
import { windowOf } from '../algorithms/algorithms.js'
import { toKey } from '../authz/template.js'
import type { Policy } from '../policies/policy.js'
import { responses } from '../problems.js'
import type { RateLimitRoutes } from '../services.js'
import { ShouldRateLimitRequest, ShouldRateLimitResponse } from './envoy-schemas.js'

type Request = Static<typeof ShouldRateLimitRequest>
type Descriptor = Request['descriptors'][number]
type Response = Static<typeof ShouldRateLimitResponse>
type Status = Response['statuses'][number]

/**
 * The JSON of envoyproxy/ratelimit: the domain and the keys of a descriptor, joined by `.`, name a
 * policy; its values, joined by `/`, are the key. Descriptors without a policy are not limited.
 */
export const envoyRoutes: RateLimitRoutes = async (app, { decide, policies }) => {
  // Clients of the original send any content type, or none.
  acceptJson(app, '*')

  async function check(
    namespace: string,
    request: Request,
    descriptor: Descriptor,
  ): Promise<Status> {
    const policy = policyOf(request, descriptor)
    const document = await policies.get(namespace, policy)
    if (!document) return { code: 'OK' }
    const cost = costOf(request, descriptor)
    const limits = [{ policy, key: keyOf(descriptor), cost: Math.max(1, cost) }]
    const options = { mode: 'each', take: 'exact', peek: cost === 0 } as const
    const { allowed, results } = await decide(undefined, namespace, limits, options)
    const { remaining, limit, resetAfterMs, retryAfterMs = resetAfterMs } = results[0]!
    return {
      code: allowed ? 'OK' : 'OVER_LIMIT',
      currentLimit: { requestsPerUnit: limit, ...unitOf(document.value) },
      ...(remaining > 0 && { limitRemaining: remaining }),
      durationUntilReset: toDuration(allowed ? resetAfterMs : retryAfterMs),
    }
  }

  app.post(
    '/json',
    {
      config: { scope: 'ratelimits:write', served: 'without-redis', names: subjectsIn },
      schema: {
        hide: true,
        body: ShouldRateLimitRequest,
        response: { ...responses(ShouldRateLimitResponse), 429: ShouldRateLimitResponse },
      },
    },
    async ({ namespace, body }, reply) => {
      const statuses = await Promise.all(
        body.descriptors.map((descriptor) => check(namespace, body, descriptor)),
      )
      const isOver = statuses.some(({ code }) => code === 'OVER_LIMIT')
      reply.code(isOver ? 429 : 200)
      return { overallCode: isOver ? ('OVER_LIMIT' as const) : ('OK' as const), statuses }
    },
  )
}

const policyOf = ({ domain }: Request, { entries }: Descriptor): string =>
  [domain, ...entries.map(({ key }) => key)].join('.')

function subjectsIn({ body }: FastifyRequest) {
  const request = body as Request
  return request.descriptors.map((descriptor) => ({
    name: policyOf(request, descriptor),
    key: keyOf(descriptor),
  }))
}

/** The hits of the descriptor, which may be 0, or those of the request, which are at least 1. */
function costOf(request: Request, { hitsAddend, hits_addend }: Descriptor): number {
  const own = hitsAddend ?? hits_addend
  if (own !== undefined) return Number(own)
  return Math.max(1, Number(request.hitsAddend ?? request.hits_addend ?? 1))
}

/** With several values, `%` and `/` in them are percent-encoded, so that no two lists are the same key. */
function keyOf({ entries }: Descriptor): string {
  const values = entries.map(({ value = '' }) => value)
  if (values.length === 1) return toKey(values[0])
  return toKey(values.map((value) => value.replace(/[%/]/g, encodeURIComponent)).join('/'))
}

const UNITS = {
  1000: 'SECOND',
  60000: 'MINUTE',
  3600000: 'HOUR',
  86400000: 'DAY',
  604800000: 'WEEK',
} as const

function unitOf(policy: Policy): Pick<NonNullable<Status['currentLimit']>, 'unit'> {
  if (policy.period === 'month') return { unit: 'MONTH' }
  if (policy.period === 'year') return { unit: 'YEAR' }
  const unit = UNITS[windowOf(policy) as keyof typeof UNITS]
  return unit ? { unit } : {}
}

/** A google.protobuf.Duration with no or three decimals. */
const toDuration = (ms: number): string =>
  ms % 1_000 === 0 ? `${ms / 1_000}s` : `${(ms / 1_000).toFixed(3)}s`
