import Type from 'typebox'
import { invalid } from './problem.js'

/** Header of an answer with the whole of a thing that has a version. */
export const ETagHeader = {
  ETag: Type.String({ description: 'The version, for `If-Match` of a later change.' }),
}

/** A version as an entity tag. */
export const toETag = (version: number): string => `"${version.toString(36)}"`

/** No version is 0: they count microseconds since 1970. */
const NO_VERSION = 0

/** A weak tag, or one that is not ours, matches no version. */
function toVersion(tag: string): number {
  const digits = /^"([0-9a-z]{1,11})"$/.exec(tag)?.[1]
  return digits === undefined ? NO_VERSION : Number.parseInt(digits, 36)
}

const TAGS = /[\t ]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")?[\t ]*(,|$)/y

/**
 * A list of entity tags, or `*`. A tag that is not ours becomes 0, which matches no version; so does
 * a weak tag in a strong comparison.
 * @throws Problem invalid-request for anything else, or an empty list
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

const ENTITY_TAG = /^(W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

interface ConditionalHeaders {
  readonly 'if-match'?: string
  readonly 'if-none-match'?: string
}

/**
 * The precondition of a PUT or DELETE of named configuration: `*` must exist, `none` must not exist,
 * else the version that must be current. A list of versions is refused: a write replaces one.
 * @throws Problem invalid-request for both headers, or a malformed one
 */
export function toPrecondition(headers: ConditionalHeaders): '*' | 'none' | number | undefined {
  const match = headers['if-match']?.trim()
  if (match !== undefined && match !== '*' && !ENTITY_TAG.test(match)) {
    throw invalid('header/if-match', 'must be one entity tag in double quotes, or *')
  }
  const none = headers['if-none-match']
  if (none === undefined) return match === undefined || match === '*' ? match : toVersion(match)
  if (none.trim() !== '*') throw invalid('header/if-none-match', 'must be *')
  if (match !== undefined) {
    throw invalid('header/if-none-match', 'contradicts If-Match: send one of the two')
  }
  return 'none'
}
