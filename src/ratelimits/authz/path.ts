/**
 * One spelling for all that servers treat as the same path, so that no visitor gets another count by
 * another spelling: decodes percent-encoded characters, merges slashes, resolves dot segments and
 * removes the slash at the end. Keeps case, because many servers distinguish it.
 */
export function normalPath(uri: string): string {
  const [path = ''] = uri.split(/[?#]/, 1)
  const kept: string[] = []
  for (const segment of decode(path).split(/[/\\]/)) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  return `/${kept.join('/')}`
}

/** Bytes that are not UTF-8 stay encoded. */
const decode = (text: string): string =>
  text.replace(/(%[0-9a-f]{2})+/gi, (bytes) => {
    try {
      return decodeURIComponent(bytes)
    } catch {
      return bytes.toUpperCase()
    }
  })
