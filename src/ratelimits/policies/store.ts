import type { Document, Documents } from '../../redis/documents.js'
import type { Policy } from './policy.js'

export type PolicyDocument = Document<Policy>
export type PolicyStore = Documents<Policy>
