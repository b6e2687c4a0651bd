import type { Limit } from './limit.js'
import type { PolicyStore } from './policies/store.js'
import { unknownPolicy } from './problems.js'

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
