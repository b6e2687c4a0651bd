import type { Subject } from './keys.js'
import type { Policy } from './policies/policy.js'

/** One policy as it is applied to one subject. */
export interface Limit extends Subject {
  readonly policy: Policy
}
