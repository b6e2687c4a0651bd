import { Format } from 'typebox/format'

/** Rules for text that JSON Schema cannot express. The message completes "<pointer> ...". */
const FORMATS: Readonly<Record<string, { check: (text: string) => boolean; message: string }>> = {
  'object-name': {
    check: (text) => text === '' || isObjectName(text),
    message: 'must be 1 to 512 bytes of UTF-8 without control characters, and not "." or ".."',
  },
  owner: {
    check: (text) => Buffer.byteLength(text) <= 200 && isPlainText(text),
    message: 'must be at most 200 bytes of UTF-8 without control characters',
  },
  'date-time': {
    check: isInstant,
    message: 'must be an instant as in RFC 3339, such as 2026-11-21T01:10:00.123Z',
  },
  'plain-text': { check: isPlainText, message: 'must be UTF-8 without control characters' },
}

// C0, DEL and C1 break logs and terminals; direction marks (U+202E, ...) make one text look like
// another.
const CONTROL_CHARACTERS =
  '\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069'
const CONTROL = new RegExp(`[${CONTROL_CHARACTERS}]`)

/** Also for text without a schema, such as the subject that a proxy sends. */
export function isObjectName(text: string): boolean {
  const bytes = Buffer.byteLength(text)
  return bytes > 0 && bytes <= 512 && text !== '.' && text !== '..' && isPlainText(text)
}

/** Lone surrogates have no UTF-8 form: two such names would share a key. */
function isPlainText(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text)
}

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** `Date.parse` alone takes the 30th of February for the 2nd of March. */
function isInstant(text: string): boolean {
  const [, year, month, day] = INSTANT.exec(text) ?? []
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate()
  return isDay === Number(day) && !Number.isNaN(Date.parse(text))
}

for (const [name, { check }] of Object.entries(FORMATS)) Format.Set(name, check)

/** The pattern of a format, for readers of the document. */
export const formatPattern = (name: unknown): string | undefined => {
  if (name === 'object-name') return `^(?!\\.{1,2}$)[^${CONTROL_CHARACTERS}]+$`
  return name === 'owner' || name === 'plain-text' ? `^[^${CONTROL_CHARACTERS}]*$` : undefined
}

export const formatMessage = (name: string): string =>
  FORMATS[name]?.message ?? `does not have the format ${name}`
