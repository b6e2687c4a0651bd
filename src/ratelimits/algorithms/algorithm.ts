import type { Policy } from '../policies/policy.js'

/** A letter for each way of counting. It stands in the key: another way is another count. */
export type Kind = 'g' | 'l' | 'w' | 'f' | 'c' | 's' | 'e' | 'n'

/** Parameters of one limit as scripts/lib/limit.lua reads them. */
export interface ScriptLimit {
  /** `allow` and `deny`: a subject that the policy names. */
  readonly kind: Kind | 'allow' | 'deny'
  readonly a: number
  readonly b: number | string
  readonly c: number
}

export interface PolicyFault {
  readonly field: keyof Policy | `${'allow' | 'deny'}/${number}`
  readonly message: string
}

/** What the service knows of an algorithm; how it counts stands in scripts/lib. */
export interface Algorithm {
  /** Parameters that it has besides `limit`; those of others are refused. */
  readonly parameters: readonly (keyof Policy)[]
  readonly required: (policy: Policy) => readonly (keyof Policy)[]
  /** The most cost that any span as long as the window can see. */
  readonly maxInAnyWindow: (policy: Policy) => number
  /** The most cost that one call can ask for and be allowed some day. */
  readonly maxCost: (policy: Policy) => number
  /** What a schema cannot say; parameters are complete here. */
  readonly fault: (policy: Policy) => PolicyFault | undefined
  readonly kind: (policy: Policy) => Kind
  /** @param nowMs the time of Redis, as far as it is known */
  readonly toScript: (policy: Policy, nowMs: number) => Omit<ScriptLimit, 'kind'>
}
