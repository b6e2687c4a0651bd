import { invalid } from '../../http/problem.js'

const MAX_TAGS = 32
export const TAG = /^[\x20-\x7e]{1,128}$/

/**
 * Tags of a write: `Cache-Groups: "user-7", "team"` (RFC 9875) or `Surrogate-Key: user-7 team`.
 * @throws Problem invalid-request for both headers, more than 32 tags, or a tag that is not 1 to
 * 128 printable ASCII characters.
 */
export function toTags(groups: string | undefined, keys: string | undefined): string[] {
  if (groups !== undefined && keys !== undefined) {
    throw invalid('headers/surrogate-key', 'stands beside Cache-Groups: send one of the two')
  }
  const [where, tags] =
    groups !== undefined
      ? (['headers/cache-groups', fromGroups(groups)] as const)
      : (['headers/surrogate-key', (keys ?? '').split(' ').filter(Boolean)] as const)
  if (!tags?.every((tag) => TAG.test(tag))) {
    throw invalid(where, 'must hold tags of 1 to 128 printable ASCII characters')
  }
  const distinct = [...new Set(tags)]
  if (distinct.length > MAX_TAGS) throw invalid(where, `must hold at most ${MAX_TAGS} tags`)
  return distinct
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
