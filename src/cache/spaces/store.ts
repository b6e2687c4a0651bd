import {
  createDefaultedDocuments,
  type DefaultedDocuments,
  type DefaultedDocumentsOptions,
} from '../../redis/defaulted-documents.js'
import type { Document } from '../../redis/documents.js'
import type { SpaceLabel } from '../metrics.js'
import {
  DEFAULT_POLICY,
  type FiledPolicy,
  type SentPolicy,
  type SpacePolicy,
  toPolicy,
  withoutSecrets,
} from './policy.js'

/** The policy as it was sent; the defaults of the rest may differ from version to version. */
export type SpaceDocument = Document<SentPolicy>

/** At once where the policies of the namespace are known, which they are after its first request. */
export type PolicyOf = (namespace: string, space: string) => SpacePolicy | Promise<SpacePolicy>

export interface SpaceStore extends DefaultedDocuments<SentPolicy, SpacePolicy> {
  /** The name of a space in metrics. */
  readonly labelOf: SpaceLabel
}

export interface SpaceStoreOptions
  extends Pick<DefaultedDocumentsOptions<SentPolicy, SpacePolicy>, 'binder' | 'pubSub' | 'parse'> {
  readonly definitions: {
    follow(use: (section: Readonly<Record<string, FiledPolicy>>) => void): void
  }
}

export function createSpaceStore({ definitions, ...options }: SpaceStoreOptions): SpaceStore {
  const documents = createDefaultedDocuments<SentPolicy, SpacePolicy>({
    ...options,
    definitions: {
      follow: (use) => definitions.follow((section) => use(mapped(section, withoutSecrets))),
    },
    part: 'spaces',
    toWhole: toPolicy,
    defaults: DEFAULT_POLICY,
  })
  return { ...documents, labelOf: (space) => (documents.isInFile(space) ? space : 'other') }
}

const mapped = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
