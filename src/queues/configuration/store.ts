import type { DefaultedDocuments } from '../../redis/defaulted-documents.js'
import type { Document } from '../../redis/documents.js'
import type { QueueSettings, SentSettings } from '../settings.js'

/** The settings as they were sent; the defaults of the rest may differ from version to version. */
export type QueueDocument = Document<SentSettings>
export type SettingsStore = DefaultedDocuments<SentSettings, QueueSettings>
