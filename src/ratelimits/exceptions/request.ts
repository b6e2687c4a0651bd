import { invalid } from '../../http/problem.js'
import { isObjectName } from '../../schema/formats.js'
import type { ExceptionKind } from '../keys.js'
import type { Policy } from '../policies/policy.js'
import type { PolicyStore } from '../policies/store.js'
import { storedLimit } from '../request.js'
import type { Page } from './registry.js'
import type { ExceptionStore } from './store.js'

export interface ExceptionRouteOptions {
  readonly store: ExceptionStore
  readonly policies: PolicyStore
}

interface ListInput {
  readonly limit: number
  readonly cursor?: string | undefined
}

interface ListRequest {
  readonly namespace: string
  readonly params: { readonly policy: string }
  readonly query: ListInput
}

/** The page that a request asks for, of the subjects of a policy for which something holds alone. */
export async function listed(
  { store, policies }: ExceptionRouteOptions,
  kind: ExceptionKind,
  { namespace, params, query }: ListRequest,
) {
  const { policy } = await storedLimit(policies, namespace, params.policy, '')
  const page = await store.list(namespace, kind, params.policy, toPageOf(policy, query))
  return { policy, page }
}

/** @throws Problem invalid-request for what is no cursor. */
function toPageOf({ group = '' }: Policy, { limit, cursor }: ListInput): Page {
  if (cursor === undefined) return { group, count: limit }
  const afterKey = Buffer.from(cursor, 'base64url').toString()
  if (!isObjectName(afterKey)) throw invalid('querystring/cursor', 'is not a cursor of this list')
  return { group, afterKey, count: limit }
}
