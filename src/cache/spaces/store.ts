import {
  createDefaultedDocuments,
  type DefaultedDocuments,
  type DefaultedDocumentsOptions,
} from '../../redis/defaulted-documents.js'
import type { Document } from '../../redis/documents.js'
import type { SpaceLabel } from '../metrics.js'
import { DEFAULT_POLICY, type SentPolicy, type SpacePolicy, toPolicy } from './policy.js'

/** The policy as it was sent; the defaults of the rest may differ from version to version. */
export type SpaceDocument = Document<SentPolicy>

/** At once where the policies of the namespace are known, which they are after its first request. */
export type PolicyOf = (namespace: string, space: string) => SpacePolicy | Promise<SpacePolicy>

export interface SpaceStore extends DefaultedDocuments<SentPolicy, SpacePolicy> {
  /** The name of a space in metrics. */
  readonly labelOf: SpaceLabel
}

export type SpaceStoreOptions = Pick<
  DefaultedDocumentsOptions<SentPolicy, SpacePolicy>,
  'binder' | 'pubSub' | 'parse' | 'definitions'
>

export function createSpaceStore(options: SpaceStoreOptions): SpaceStore {
  const documents = createDefaultedDocuments<SentPolicy, SpacePolicy>({
    ...options,
    part: 'spaces',
    toWhole: toPolicy,
    defaults: DEFAULT_POLICY,
  })
  return { ...documents, labelOf: (space) => (documents.isInFile(space) ? space : 'other') }
}
