import Type, { type Static, type TObject } from 'typebox'
import { DurationMs } from '../http/names.js'

/** A stream as a call sees it. */
export interface Stream {
  readonly namespace: string
  readonly name: string
  readonly settings: StreamSettings
}

/** How one stream works: its configuration, with the defaults of what that leaves out. */
export type StreamSettings = Readonly<Static<TObject<typeof SettingFields>>>

/** A configuration as a caller sent it. */
export type SentSettings = Partial<StreamSettings>

const YEAR_MS = 366 * 86_400_000
const MIB = 1024 * 1024

/** Of one entry, in every stream. */
export const MAX_ENTRY_BYTES = 512 * 1024
/** Of all entries of one append. */
export const MAX_APPEND_BYTES = MIB
export const MAX_ENTRIES = 1_000_000
export const MAX_STREAM_BYTES = 4_096 * MIB

export const DEFAULT_SETTINGS = Object.freeze({
  capacity: 10_000,
  maxBytes: 64 * MIB,
  whenFull: 'trim' as 'trim' | 'refuse',
  maxEntryBytes: 64 * 1024,
  maxAgeMs: 0,
})

const whole = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description: `${description} ${minimum} to ${maximum}.` })

export const SettingFields = {
  capacity: whole(
    1,
    MAX_ENTRIES,
    `Entries that the stream holds. Default ${DEFAULT_SETTINGS.capacity}.`,
  ),
  // Less would drop a part of a full append.
  maxBytes: whole(
    MAX_APPEND_BYTES,
    MAX_STREAM_BYTES,
    `Bytes of all entries. Default ${DEFAULT_SETTINGS.maxBytes}.`,
  ),
  whenFull: Type.Enum(['trim', 'refuse'], {
    title: 'StreamWhenFull',
    description:
      'What an append to a full stream does: trim drops the oldest entries, refuse answers 429. Default trim.',
  }),
  maxEntryBytes: whole(
    1,
    MAX_ENTRY_BYTES,
    `Bytes of the data of one entry. Default ${DEFAULT_SETTINGS.maxEntryBytes}.`,
  ),
  maxAgeMs: DurationMs(
    0,
    YEAR_MS,
    'How long an entry is kept, 0 for ever; the stream ends so long after its last append. Default 0.',
  ),
}

export const toSettings = (sent: SentSettings): StreamSettings => ({ ...DEFAULT_SETTINGS, ...sent })
