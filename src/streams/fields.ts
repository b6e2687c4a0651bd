import Type from 'typebox'
import { ResourceName } from '../http/names.js'

export const closed = { additionalProperties: false }

export const StreamName = {
  ...ResourceName,
  description:
    'Name of the stream: a letter or digit, then letters, digits, . _ @ -; at most 128 characters.',
}

export const StreamParams = Type.Object({ stream: StreamName })

export const ReaderName = {
  ...ResourceName,
  description:
    'Name of the reader: a letter or digit, then letters, digits, . _ @ -; at most 128 characters.',
}

/** Entries of one append or page. */
export const MAX_BATCH = 100

const DIGITS = '(0|[1-9][0-9]{0,14})'

/** As Redis takes it: without leading zeros. */
export const ENTRY_ID = `${DIGITS}-${DIGITS}`

export const EntryId = (description: string) =>
  Type.String({ pattern: `^${ENTRY_ID}$`, description })

export const EventName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$',
  description:
    'What happened: a letter or digit, then letters, digits, . _ : @ -; at most 128 characters. Not `following`, `reset`, `open` or `error`.',
})

export const DataEncoding = (options: { description: string; default?: 'json' }) =>
  Type.Enum(['json', 'text', 'base64'], { title: 'StreamDataEncoding', ...options })

/** A number of things in an answer. */
export const Count = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })

export const EXAMPLE_ID = '1795223400123-41'
