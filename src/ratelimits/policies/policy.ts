/** How much of something a subject may have, and how it is counted. Costs are in units of cost. */
export interface Policy {
  /** `token-bucket` is another name of `gcra`. */
  readonly algorithm: 'gcra' | 'token-bucket' | 'fixed-window' | 'sliding-window'
  /** Cost per window. */
  readonly limit: number
  readonly windowMs: number
  /** gcra: cost that may come at once; default: limit. */
  readonly burst?: number
  /** fixed-window: where windows begin; default: epoch. */
  readonly align?: 'epoch' | 'first-hit'
  /** sliding-window: buckets that the window is counted in; default: 1. */
  readonly buckets?: number
  /** sliding-window: whether the oldest bucket counts in part or in full; default: weighted. */
  readonly mode?: 'weighted' | 'strict'
  /** What it would say is told, and has no part in the verdict; default: false. */
  readonly shadow?: boolean
  /** Subjects of one group stand in one slot of a Cluster; another group starts afresh. */
  readonly group?: string
}

/** Parameters of one limit as scripts/check.lua reads them. */
export interface ScriptLimit {
  readonly kind: 'g' | 'w' | 's'
  readonly a: number
  readonly b: number
  readonly c: number
}

/** Below 100/16 us per unit of cost, rounding would show. */
const MIN_INTERVAL = 100
/** Times are added up in doubles: a burst may reach a year ahead. */
const MAX_ROOM = 2 ** 52

const isGcra = ({ algorithm }: Policy): boolean =>
  algorithm === 'gcra' || algorithm === 'token-bucket'

/** 1/16 us that one unit of cost takes. */
const intervalOf = ({ limit, windowMs }: Policy): number => Math.ceil((16_000 * windowMs) / limit)

export function toScriptLimit(policy: Policy): ScriptLimit {
  if (policy.algorithm === 'sliding-window') {
    const { limit, windowMs, buckets = 1, mode } = policy
    const width = Math.ceil((windowMs * 1_000) / buckets)
    return { kind: 's', a: limit, b: width, c: mode === 'strict' ? -buckets : buckets }
  }
  if (!isGcra(policy)) {
    const { limit, windowMs, align } = policy
    return { kind: 'w', a: limit, b: windowMs * 1_000, c: align === 'first-hit' ? 1 : 0 }
  }
  return { kind: 'g', a: intervalOf(policy), b: burstOf(policy), c: policy.windowMs * 1_000 }
}

export const burstOf = ({ burst, limit }: Policy): number => burst ?? limit

/** The most cost that any span as long as the window can see. */
export const maxInAnyWindow = (policy: Policy): number => {
  if (isGcra(policy)) return burstOf(policy) + policy.limit
  return policy.mode === 'strict' ? policy.limit : 2 * policy.limit
}

/** The most cost one call can ask for and still be allowed some day. */
export const maxCost = (policy: Policy): number => (isGcra(policy) ? burstOf(policy) : policy.limit)

export interface PolicyFault {
  readonly field: string
  readonly message: string
}

const OWN_FIELDS = [
  ['burst', 'gcra'],
  ['align', 'fixed-window'],
  ['buckets', 'sliding-window'],
  ['mode', 'sliding-window'],
] as const

/** What a schema cannot say. */
export function policyFault(policy: Policy): PolicyFault | undefined {
  for (const [field, algorithm] of OWN_FIELDS) {
    const fits = algorithm === 'gcra' ? isGcra(policy) : policy.algorithm === algorithm
    if (policy[field] !== undefined && !fits) return { field, message: `is for ${algorithm} only` }
  }
  if (!isGcra(policy)) return undefined
  const interval = intervalOf(policy)
  if (interval < MIN_INTERVAL) {
    return { field: 'limit', message: 'is too large for the window: count in a larger unit' }
  }
  if (interval * burstOf(policy) > MAX_ROOM) {
    return { field: 'burst', message: 'takes too long to refill: use a smaller burst or window' }
  }
  return undefined
}
