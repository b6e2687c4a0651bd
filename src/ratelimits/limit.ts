import type { Subject } from './keys.js'
import type { Policy } from './policies/policy.js'

/** One policy, applied to one subject. */
export interface Limit extends Subject {
  readonly policy: Policy
  /** The whole address of a visitor whose key was made of it: lists match their networks with it. */
  readonly address?: string | undefined
}
