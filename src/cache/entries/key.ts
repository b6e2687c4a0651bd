import type { PolicyOf } from '../spaces/store.js'
import type { CacheKey } from './store.js'

interface Named {
  readonly namespace: string
  readonly params: { readonly space: string; readonly key: string }
}

/** The key that a request names, and how its space caches. */
export async function keyOf({ namespace, params }: Named, policyOf: PolicyOf): Promise<CacheKey> {
  const { space, key } = params
  return { namespace, space, key, policy: await policyOf(namespace, space) }
}
