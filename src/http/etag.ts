import { invalid } from './problem.js'

/** The version that must be there; `any` for whichever. */
export type Match = number | 'any'

/** A version, which counts microseconds and never repeats, as an entity tag. */
export const toETag = (version: number): string => `"${version.toString(36)}"`

/** No version is 0: they count microseconds since 1970. */
const NO_VERSION = 0

/** Entity tags are compared strongly, so a weak one, or one that is not ours, matches nothing. */
export function toVersion(tag: string): number {
  const digits = /^"([0-9a-z]{1,11})"$/.exec(tag)?.[1]
  return digits === undefined ? NO_VERSION : Number.parseInt(digits, 36)
}

const ENTITY_TAG = /^(W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/**
 * If-Match of a write: one entity tag or `*`.
 * @throws Problem invalid-request for anything else, a list included: a write replaces one version.
 */
export function toMatch(
  header: string | undefined,
  pointer = 'headers/if-match',
): Match | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return 'any'
  if (!ENTITY_TAG.test(header.trim())) {
    throw invalid(pointer, 'must be one entity tag in double quotes, or *')
  }
  return toVersion(header.trim())
}

const TAGS = /[\t ]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")?[\t ]*(,|$)/y

/**
 * A list of entity tags, or `*`. What is not ours matches nothing, and stands in the list as 0; so
 * does a weak one where the comparison is strong.
 * @throws Problem invalid-request for anything else, or for a list of nothing.
 */
export function toVersions(
  header: string | undefined,
  pointer: string,
  comparison: 'strong' | 'weak',
): 'any' | number[] | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return 'any'
  const versions: number[] = []
  TAGS.lastIndex = 0
  for (let more = true; more; ) {
    const match = TAGS.exec(header)
    if (!match) throw invalid(pointer, 'must be entity tags in double quotes, or *')
    const [, tag, separator] = match
    if (tag) versions.push(toVersion(comparison === 'weak' ? tag.replace(/^W\//, '') : tag))
    more = separator === ','
  }
  if (versions.length === 0) throw invalid(pointer, 'must be entity tags in double quotes, or *')
  return versions
}

/** `*`: must exist; `none`: must not exist; else the version that must stand there. */
export type Precondition = '*' | 'none' | number

interface ConditionalHeaders {
  readonly 'if-match'?: string
  readonly 'if-none-match'?: string
}

/**
 * The precondition of a PUT or DELETE of something that is configured.
 * @throws Problem invalid-request for both headers, or one that is malformed.
 */
export function toPrecondition(headers: ConditionalHeaders): Precondition | undefined {
  const match = toMatch(headers['if-match'])
  const none = headers['if-none-match']
  if (none === undefined) return match === 'any' ? '*' : match
  if (none.trim() !== '*') throw invalid('headers/if-none-match', 'must be *')
  if (match !== undefined) {
    throw invalid('headers/if-none-match', 'contradicts If-Match: send one of the two')
  }
  return 'none'
}
