import { invalid } from '../../http/problem.js'
import type { Match } from './store.js'

/** A version of the partition's clock as an entity tag. */
export const toETag = (version: number): string => `"${version.toString(36)}"`

/** No entry has it: the clock counts microseconds since 1970. */
const NO_VERSION = 0

/** Entity tags are compared strongly, so a weak one, or one that is not ours, matches nothing. */
function toVersion(tag: string): number {
  const digits = /^"([0-9a-z]{1,11})"$/.exec(tag)?.[1]
  return digits === undefined ? NO_VERSION : Number.parseInt(digits, 36)
}

const ENTITY_TAG = /^(W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/**
 * If-Match of a write: one entity tag or `*`.
 * @throws Problem invalid-request for anything else, a list included: a write replaces one version.
 */
export function toMatch(header: string | undefined): Match | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return 'any'
  if (!ENTITY_TAG.test(header.trim())) {
    throw invalid('headers/if-match', 'must be one entity tag in double quotes, or *')
  }
  return toVersion(header.trim())
}

/** If-None-Match of a read: whether the caller has this version already. RFC 9110, weak comparison. */
export function hasVersion(header: string | undefined, version: number): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return header.split(',').some((tag) => toVersion(tag.trim().replace(/^W\//, '')) === version)
}

/** If-None-Match of a write. @throws Problem invalid-request for anything but `*`. */
export function isOnlyIfAbsent(header: string | undefined): boolean {
  if (header === undefined) return false
  if (header.trim() !== '*') throw invalid('headers/if-none-match', 'must be * on a PUT')
  return true
}

const MEDIA_TYPE =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+(\s*;\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+=([!#$%&'*+.^_`|~0-9A-Za-z-]+|"([\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"))*$/

/** @throws Problem invalid-request for what is no media type of at most 255 ASCII bytes. */
export function toContentType(header: string | undefined): string {
  if (header === undefined) return 'application/octet-stream'
  if (header.length > 255 || !MEDIA_TYPE.test(header)) {
    throw invalid('headers/content-type', 'must be a media type of at most 255 ASCII bytes')
  }
  return header
}

/** @throws Problem invalid-request for what is no list of content codings. */
export function toContentEncoding(header: string | undefined): string {
  if (header === undefined) return ''
  if (
    header.length > 255 ||
    !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+(\s*,\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/.test(header)
  ) {
    throw invalid('headers/content-encoding', 'must be content codings, at most 255 bytes')
  }
  return header
}
