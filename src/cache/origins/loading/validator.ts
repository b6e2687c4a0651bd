import type { AnswerHeaders } from '../client.js'

const ETAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/
const DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
/** With a date and the proof of a grant it has room in an entry, see lib/entry.lua. */
const MAX_ETAG_BYTES = 128

/**
 * What an origin calls the value that it answered with: its ETag and its Last-Modified, separated by a
 * line feed, each empty where it has none. Undefined where it has neither.
 */
export function toValidator({ etag, 'last-modified': date }: AnswerHeaders): string | undefined {
  const tag = typeof etag === 'string' && etag.length <= MAX_ETAG_BYTES && ETAG.test(etag)
  const parts = [tag ? etag : '', typeof date === 'string' && DATE.test(date) ? date : '']
  const validator = parts.join('\n')
  return validator === '\n' ? undefined : validator
}

/** Headers that let a write be applied only to the value with this name; a weak tag names no one value. */
export function onlyIfHeaders(validator: string | undefined): Readonly<Record<string, string>> {
  const [etag = '', date = ''] = validator?.split('\n') ?? []
  if (etag.startsWith('"')) return { 'if-match': etag }
  return date === '' ? {} : { 'if-unmodified-since': date }
}

/** Headers that ask for the value only if it is another one now. */
export function unlessHeaders(validator: string | undefined): Readonly<Record<string, string>> {
  const [etag = '', date = ''] = validator?.split('\n') ?? []
  return {
    ...(etag !== '' && { 'if-none-match': etag }),
    ...(date !== '' && { 'if-modified-since': date }),
  }
}
