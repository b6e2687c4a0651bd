import type { FastifyRequest } from 'fastify'
import type { KeyOf } from '../http/granted-names.js'
import { invalid } from '../http/problem.js'
import type { Limit } from './limit.js'
import type { PolicyStore } from './policies/store.js'
import { COUNTS_LEASES, unknownPolicy } from './problems.js'

/** @throws Problem not-found for an unknown policy. */
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

/** The subject of a policy that a request names, as a token must have it. */
export function subjectIn({ params, body, query }: FastifyRequest): KeyOf[] {
  const { policy } = params as SubjectRequest['params']
  const { key } = (body ?? query) as SubjectRequest['body']
  return [{ name: policy, key }]
}

interface SubjectRequest {
  readonly namespace: string
  readonly params: { readonly policy: string }
  readonly body: { readonly key: string }
}

/** The limit that a request names: the policy in its path, the subject in its body. */
export const requestedLimit = (
  policies: PolicyStore,
  { namespace, params, body }: SubjectRequest,
): Promise<Limit> => storedLimit(policies, namespace, params.policy, body.key)

/** @throws Problem invalid-request for a policy that counts leases. */
export function requireCalls(limit: Limit): Limit {
  if (limit.policy.algorithm === 'concurrency') throw invalid('path/policy', COUNTS_LEASES)
  return limit
}

/** @throws Problem invalid-request for a policy that counts calls. */
export function requireLeases(limit: Limit): Limit {
  if (limit.policy.algorithm === 'concurrency') return limit
  throw invalid('path/policy', 'counts calls, not leases: ask it with check')
}
