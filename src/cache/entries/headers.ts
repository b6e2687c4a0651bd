import { invalid } from '../../http/problem.js'

const MEDIA_TYPE =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+(\s*;\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+=([!#$%&'*+.^_`|~0-9A-Za-z-]+|"([\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"))*$/

/** @throws Problem invalid-request for what is no media type of at most 255 ASCII bytes. */
export function toContentType(
  header: string | undefined,
  pointer = 'headers/content-type',
): string {
  if (header === undefined) return 'application/octet-stream'
  if (header.length > 255 || !MEDIA_TYPE.test(header)) {
    throw invalid(pointer, 'must be a media type of at most 255 ASCII bytes')
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

/** Prefer (RFC 7240): whether the answer should show what is there. Other preferences are ignored. */
export const prefersRepresentation = (header: string | undefined): boolean =>
  header !== undefined && /(^|,)\s*return\s*=\s*"?representation"?\s*(;[^,]*)?(,|$)/i.test(header)
