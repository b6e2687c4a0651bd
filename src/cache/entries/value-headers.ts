import { MAX_TAGS, TAG } from './schemas.js'

/** The content type of a value that came without one. */
export const UNKNOWN_TYPE = 'application/octet-stream'

const MEDIA_TYPE =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+(\s*;\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+=([!#$%&'*+.^_`|~0-9A-Za-z-]+|"([\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"))*$/

/** Whether a Content-Type is a media type of at most 255 ASCII bytes. */
export const isMediaType = (header: string): boolean =>
  header.length <= 255 && MEDIA_TYPE.test(header)

const CODINGS = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(\s*,\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/

/** Whether a Content-Encoding is a list of content codings, at most 255 bytes. */
export const isCodings = (header: string): boolean => header.length <= 255 && CODINGS.test(header)

/**
 * Tags: `Cache-Groups: "user-7", "team"` (RFC 9875) or `Surrogate-Key: user-7 team`.
 * @returns undefined for more than 32 tags, or one that is not 1 to 128 printable ASCII characters
 */
export function tagsIn(
  groups: string | undefined,
  keys: string | undefined,
): readonly string[] | undefined {
  const tags = groups === undefined ? (keys ?? '').split(' ').filter(Boolean) : fromGroups(groups)
  const distinct = tags && [...new Set(tags)]
  return distinct?.every((tag) => TAG.test(tag)) && distinct.length <= MAX_TAGS
    ? distinct
    : undefined
}

/** A list of quoted strings (RFC 9651), or undefined where it is none. */
function fromGroups(header: string): string[] | undefined {
  const item = /\s*"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"\s*(,|$)/y
  const tags: string[] = []
  let more = header.trim() !== ''
  while (more) {
    const match = item.exec(header)
    if (!match) return undefined
    tags.push((match[1] as string).replace(/\\(["\\])/g, '$1'))
    more = match[2] === ','
  }
  return item.lastIndex === header.length || tags.length === 0 ? tags : undefined
}
