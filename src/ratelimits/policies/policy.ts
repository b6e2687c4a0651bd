/** How much of something a subject may have, and how it is counted. Costs are in units of cost. */
export interface Policy {
  /** `token-bucket` is another name of `gcra`. */
  readonly algorithm: 'gcra' | 'token-bucket' | 'fixed-window'
  /** Cost per window. */
  readonly limit: number
  readonly windowMs: number
  /** gcra: cost that may come at once; default: limit. */
  readonly burst?: number
  /** fixed-window: where windows begin; default: epoch. */
  readonly align?: 'epoch' | 'first-hit'
}

/** Parameters of one limit as scripts/check.lua reads them. */
export interface ScriptLimit {
  readonly kind: 'g' | 'w'
  readonly a: number
  readonly b: number
  readonly c: number
}

/** Below 100/16 us per unit of cost, rounding would show. */
const MIN_INTERVAL = 100
/** Times are added up in doubles: a burst may reach a year ahead. */
const MAX_ROOM = 2 ** 52

const isGcra = ({ algorithm }: Policy): boolean => algorithm !== 'fixed-window'

/** 1/16 us that one unit of cost takes. */
const intervalOf = ({ limit, windowMs }: Policy): number => Math.ceil((16_000 * windowMs) / limit)

export function toScriptLimit(policy: Policy): ScriptLimit {
  if (!isGcra(policy)) {
    const { limit, windowMs, align } = policy
    return { kind: 'w', a: limit, b: windowMs * 1_000, c: align === 'first-hit' ? 1 : 0 }
  }
  return { kind: 'g', a: intervalOf(policy), b: burstOf(policy), c: 0 }
}

export const burstOf = ({ burst, limit }: Policy): number => burst ?? limit

/** The most cost that any span as long as the window can see. */
export const maxInAnyWindow = (policy: Policy): number =>
  isGcra(policy) ? burstOf(policy) + policy.limit : 2 * policy.limit

/** The most cost one call can ask for and still be allowed some day. */
export const maxCost = (policy: Policy): number => (isGcra(policy) ? burstOf(policy) : policy.limit)

export interface PolicyFault {
  readonly field: string
  readonly message: string
}

/** What a schema cannot say. */
export function policyFault(policy: Policy): PolicyFault | undefined {
  if (!isGcra(policy)) {
    if (policy.burst !== undefined) return { field: 'burst', message: 'is for gcra only' }
    return undefined
  }
  if (policy.align !== undefined) return { field: 'align', message: 'is for fixed-window only' }
  const interval = intervalOf(policy)
  if (interval < MIN_INTERVAL) {
    return { field: 'limit', message: 'is too large for the window: count in a larger unit' }
  }
  if (interval * burstOf(policy) > MAX_ROOM) {
    return { field: 'burst', message: 'takes too long to refill: use a smaller burst or window' }
  }
  return undefined
}
