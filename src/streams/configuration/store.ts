import type { DefaultedDocuments } from '../../redis/defaulted-documents.js'
import type { Document } from '../../redis/documents.js'
import type { SentSettings, StreamSettings } from '../settings.js'

/** The settings as they were sent; the defaults of the rest may differ from version to version. */
export type StreamDocument = Document<SentSettings>
export type SettingsStore = DefaultedDocuments<SentSettings, StreamSettings>
