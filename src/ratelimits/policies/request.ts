import { invalid } from '../../http/problem.js'
import { policyFault } from '../algorithms/algorithms.js'
import type { Policy } from './policy.js'

/** @throws Problem invalid-request for a policy that breaks a rule which its schema cannot express. */
export function requireUsable(policy: Policy): Policy {
  const fault = policyFault(policy)
  if (fault) throw invalid(`body/${fault.field}`, fault.message)
  return policy
}
