/**
 * One spelling for all that servers take for the same path, so that nobody has a count of its own by
 * another one: percent-encoded characters are decoded, slashes merged, dot segments followed, and a
 * slash at the end goes. Case stays: to many servers it makes another path.
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

/** What is no UTF-8 stays encoded. */
const decode = (text: string): string =>
  text.replace(/(%[0-9a-f]{2})+/gi, (bytes) => {
    try {
      return decodeURIComponent(bytes)
    } catch {
      return bytes.toUpperCase()
    }
  })
