import { createHash } from 'node:crypto'
import type { Static } from 'typebox'
import { policyFault, windowOf } from '../algorithms/algorithms.js'
import { toKey } from '../authz/template.js'
import type { Policy } from '../policies/policy.js'
import { YEAR_MS } from '../policies/schemas.js'
import type { GetRateLimitsRequest, GetRateLimitsResponse } from './gubernator-schemas.js'

export type RateLimitReq = Static<typeof GetRateLimitsRequest>['requests'][number]
export type RateLimitResp = Static<typeof GetRateLimitsResponse>['responses'][number]

/** A request as a limit, or why it cannot be one. */
type Translated =
  | {
      readonly name: string
      readonly key: string
      readonly hits: number
      readonly policy: Policy
      readonly reset: boolean
      readonly drain: boolean
    }
  | { readonly error: string }

const BEHAVIORS = {
  BATCHING: 0,
  NO_BATCHING: 1,
  GLOBAL: 2,
  DURATION_IS_GREGORIAN: 4,
  RESET_REMAINING: 8,
  MULTI_REGION: 16,
  DRAIN_OVER_LIMIT: 32,
} as const

const MAPPED =
  BEHAVIORS.NO_BATCHING |
  BEHAVIORS.DURATION_IS_GREGORIAN |
  BEHAVIORS.RESET_REMAINING |
  BEHAVIORS.DRAIN_OVER_LIMIT

const PERIODS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const

/** Largest limit, and largest cost of one call. */
const MAX_COST = 1_000_000_000

export function translate(request: RateLimitReq): Translated {
  const { name = '', behavior = 0 } = request
  const uniqueKey = uniqueKeyOf(request)
  const flags =
    typeof behavior === 'number' ? behavior : BEHAVIORS[behavior as keyof typeof BEHAVIORS]
  const hits = Number(request.hits ?? 0)
  if (uniqueKey === '') return { error: "field 'unique_key' cannot be empty" }
  if (name === '') return { error: "field 'name' cannot be empty" }
  if (flags === undefined || flags < 0 || (flags & ~MAPPED) !== 0) {
    return { error: `behavior ${behavior} is not supported` }
  }
  if (hits < 0 || hits > MAX_COST) return { error: `hits must be 0 to ${MAX_COST}` }
  const policy = toPolicy(request, (flags & BEHAVIORS.DURATION_IS_GREGORIAN) !== 0)
  if (typeof policy === 'string') return { error: policy }
  return {
    name: toName(name),
    key: toKey(uniqueKey),
    hits,
    policy,
    reset: (flags & BEHAVIORS.RESET_REMAINING) !== 0,
    drain: (flags & BEHAVIORS.DRAIN_OVER_LIMIT) !== 0,
  }
}

export const uniqueKeyOf = (request: RateLimitReq): string =>
  request.unique_key ?? request.uniqueKey ?? ''

/** @returns text: why it is no policy */
function toPolicy(request: RateLimitReq, isGregorian: boolean): Policy | string {
  const { algorithm = 0 } = request
  const isLeaky = algorithm === 1 || algorithm === 'LEAKY_BUCKET'
  if (!isLeaky && algorithm !== 0 && algorithm !== 'TOKEN_BUCKET') {
    return `algorithm ${algorithm} is not supported`
  }
  const limit = Number(request.limit ?? 0)
  if (limit < 1 || limit > MAX_COST) return `limit must be 1 to ${MAX_COST}`
  const window = toWindow(Number(request.duration ?? 0), isGregorian)
  if (!window)
    return isGregorian
      ? 'duration must be 0 (minute) to 5 (year)'
      : 'duration must be 1 to 31622400000'
  const policy = isLeaky
    ? toGcra(limit, window, Number(request.burst ?? 0))
    : toFixed(limit, window)
  const fault = policyFault(policy)
  return fault ? `${fault.field} ${fault.message}` : policy
}

type Window = Pick<Policy, 'windowMs' | 'period'>

function toWindow(duration: number, isGregorian: boolean): Window | undefined {
  if (!isGregorian) return duration >= 1 && duration <= YEAR_MS ? { windowMs: duration } : undefined
  const period = PERIODS[duration]
  return period && { period }
}

const toFixed = (limit: number, window: Window): Policy => ({
  algorithm: 'fixed-window',
  align: window.period ? 'calendar' : 'first-hit',
  limit,
  ...window,
})

/** Hits leak evenly, so only the length of a calendar period matters. */
const toGcra = (limit: number, window: Window, burst: number): Policy => ({
  algorithm: 'gcra',
  limit,
  windowMs: windowOf({ algorithm: 'gcra', limit, ...window }),
  ...(burst > 0 && { burst }),
})

/** In gubernator a name is free text. */
const toName = (name: string): string =>
  /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/.test(name)
    ? name
    : `sha256-${createHash('sha256').update(name).digest('base64url')}`
