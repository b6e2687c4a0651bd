import { toConfigured } from '../configuration/answer.js'
import type { StreamDocument } from '../configuration/store.js'
import { DEFAULT_SETTINGS } from '../settings.js'
import type { StreamContent } from './scripts.js'

/** The settings of a stream, which has all defaults without a document. */
export const toSettled = (name: string, document: StreamDocument | undefined) =>
  document ? toConfigured(document) : { name, ...DEFAULT_SETTINGS }

const NOTHING: StreamContent = Object.freeze({ length: 0, bytes: 0, appended: 0 })

/** What a stream holds: nothing before its first entry. */
export const toContent = (content: StreamContent | undefined): StreamContent => content ?? NOTHING
