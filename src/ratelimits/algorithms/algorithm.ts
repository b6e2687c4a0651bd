import type { Policy } from '../policies/policy.js'

/** A letter per algorithm. It is a part of the key, so another algorithm is another count. */
export type Kind = 'g' | 'l' | 'w' | 'f' | 'c' | 's' | 'e' | 'n'

/** Parameters of one limit as scripts/lib/limit.lua reads them. */
export interface ScriptLimit {
  /** `allow` and `deny`: a subject on a list of the policy. */
  readonly kind: Kind | 'allow' | 'deny'
  readonly a: number
  readonly b: number | string
  readonly c: number
}

export interface PolicyFault {
  readonly field: keyof Policy | `${'allow' | 'deny'}/${number}`
  readonly message: string
}

/** What the service knows of an algorithm; scripts/lib does the counting. */
export interface Algorithm {
  /** Its parameters besides `limit`; others are refused. */
  readonly parameters: readonly (keyof Policy)[]
  readonly required: (policy: Policy) => readonly (keyof Policy)[]
  /** Largest total cost in any span as long as the window. */
  readonly maxInAnyWindow: (policy: Policy) => number
  /** Largest cost of one call that can ever be allowed. */
  readonly maxCost: (policy: Policy) => number
  /** Rules that the schema cannot express; all required parameters are present here. */
  readonly fault: (policy: Policy) => PolicyFault | undefined
  readonly kind: (policy: Policy) => Kind
  /** @param nowMs the time of Redis, as far as it is known */
  readonly toScript: (policy: Policy, nowMs: number) => Omit<ScriptLimit, 'kind'>
}
