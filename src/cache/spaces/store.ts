import type { DomainDeps } from '../../domain.js'
import type { Binder } from '../../redis/binder.js'
import { createDocuments, type Document, type Documents } from '../../redis/documents.js'
import { filedDocuments } from '../../redis/filed-documents.js'
import type { PubSub } from '../../redis/pub-sub.js'
import type { SpaceLabel } from '../metrics.js'
import { DEFAULT_POLICY, type SentPolicy, type SpacePolicy, toPolicy } from './policy.js'

/** The policy as it was sent; the defaults of the rest may differ from version to version. */
export type SpaceDocument = Document<SentPolicy>

/** At once where the policies of the namespace are known, which they are after its first request. */
export type PolicyOf = (namespace: string, space: string) => SpacePolicy | Promise<SpacePolicy>

export interface SpaceStore extends Documents<SentPolicy> {
  /**
   * How a space caches; the default without a policy.
   * @throws StoreError where the namespace is not known yet, and Redis cannot be asked.
   */
  readonly policyOf: PolicyOf
  /** The name of a space in metrics. */
  readonly labelOf: SpaceLabel
}

export interface SpaceStoreOptions {
  readonly binder: Binder
  readonly pubSub: PubSub
  readonly parse: (name: string, body: unknown) => SentPolicy
  /** Of the configuration file. */
  readonly definitions: DomainDeps<Readonly<Record<string, SentPolicy>>>['definitions']
}

export function createSpaceStore({ definitions, ...options }: SpaceStoreOptions): SpaceStore {
  let filed = filedDocuments<SentPolicy>({})
  definitions.follow((spaces) => {
    filed = filedDocuments(spaces)
  })
  const documents = createDocuments<SentPolicy>({
    ...options,
    part: 'spaces',
    fromFile: () => filed,
  })
  // Every request asks; L1 compares the policy with the one before, which is fastest by identity.
  const complete = new WeakMap<SentPolicy, SpacePolicy>()
  const policyFor = (document: SpaceDocument | undefined): SpacePolicy => {
    if (!document) return DEFAULT_POLICY
    const known = complete.get(document.value)
    if (known) return known
    const policy = toPolicy(document.value)
    complete.set(document.value, policy)
    return policy
  }
  return {
    ...documents,
    labelOf: (space) => (filed.has(space) ? space : 'other'),
    policyOf(namespace, space) {
      const known = documents.peek(namespace, space)
      if (known || documents.knows(namespace)) return policyFor(known)
      return documents.get(namespace, space).then(policyFor)
    },
  }
}
