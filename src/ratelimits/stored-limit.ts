import { invalid } from '../http/problem.js'
import type { Limit } from './limit.js'
import type { PolicyStore } from './policies/store.js'
import { COUNTS_LEASES, unknownPolicy } from './problems.js'

/** @throws Problem not-found for a policy that nobody knows. */
export async function storedLimit(
  policies: PolicyStore,
  namespace: string,
  name: string,
  key: string,
): Promise<Limit> {
  const document = await policies.get(namespace, name)
  if (!document) throw unknownPolicy(name)
  const policy = document.value
  return { name, key, group: policy.group, inline: false, policy }
}

/** @throws Problem as above, and invalid-request for a policy that counts leases. */
export async function countedLimit(
  policies: PolicyStore,
  namespace: string,
  name: string,
  key: string,
): Promise<Limit> {
  const limit = await storedLimit(policies, namespace, name, key)
  if (limit.policy.algorithm === 'concurrency') throw invalid('params/policy', COUNTS_LEASES)
  return limit
}
