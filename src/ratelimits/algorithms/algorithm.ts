import type { Policy } from '../policies/policy.js'

/** Parameters of one limit as scripts/lib/limit.lua reads them. */
export interface ScriptLimit {
  /** Stands in the key as well: another letter is another count. */
  readonly kind: 'g' | 'l' | 'w' | 'f' | 's' | 'e'
  readonly a: number
  readonly b: number
  readonly c: number
}

export interface PolicyFault {
  readonly field: keyof Policy
  readonly message: string
}

/** What the service knows of an algorithm; how it counts stands in scripts/lib. */
export interface Algorithm {
  /** Parameters that it has besides `limit`; those of others are refused. */
  readonly parameters: readonly (keyof Policy)[]
  readonly required: readonly (keyof Policy)[]
  /** The most cost that any span as long as the window can see. */
  readonly maxInAnyWindow: (policy: Policy) => number
  /** The most cost that one call can ask for and be allowed some day. */
  readonly maxCost: (policy: Policy) => number
  /** What a schema cannot say; parameters are complete here. */
  readonly fault: (policy: Policy) => PolicyFault | undefined
  readonly toScript: (policy: Policy) => ScriptLimit
}
