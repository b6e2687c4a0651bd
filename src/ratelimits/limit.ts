import type { Subject } from './keys.js'
import type { Policy } from './policies/policy.js'

/** One policy as it is applied to one subject. */
export interface Limit extends Subject {
  readonly policy: Policy
  /** Of a visitor, in full, where the key was made of it: networks of lists are matched with it. */
  readonly address?: string | undefined
}
