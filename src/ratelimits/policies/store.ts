import type { Binder } from '../../redis/binder.js'
import { createDocuments, type Document, type Documents } from '../../redis/documents.js'
import type { Signals } from '../../redis/signals.js'
import type { Policy } from './policy.js'

export type PolicyDocument = Document<Policy>
export type PolicyStore = Documents<Policy>

export interface PolicyStoreOptions {
  readonly binder: Binder
  readonly signals: Signals
  readonly parse: (name: string, body: unknown) => Policy
  /** What stands in the configuration file now. */
  readonly fromFile: () => ReadonlyMap<string, PolicyDocument>
}

export const createPolicyStore = (options: PolicyStoreOptions): PolicyStore =>
  createDocuments<Policy>({ ...options, part: 'rl' })
