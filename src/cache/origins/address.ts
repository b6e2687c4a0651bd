/** Where the values of a space are loaded from. */
export interface Address {
  /** Scheme, host and port. */
  readonly origin: string
  /** The path and query of one key. */
  pathOf(namespace: string, key: string): string
}

const FORM = /^(https?:\/\/[^/?#@\s{}]+)(\/[!-~]*)$/
/** A whole path segment, or the whole value of a query parameter. */
const IN_PATH = /(?<=\/)\{(key|namespace)\}(?=\/|$)/g
const IN_QUERY = /(?<==)\{(key|namespace)\}(?=&|$)/g

/** What is wrong with a URL of the configuration file; completes "<place> ...". */
export function addressFault(url: string, namespaces: readonly string[]): string | undefined {
  const [, origin, rest] = FORM.exec(url) ?? []
  if (origin === undefined || rest === undefined || rest.includes('#') || !URL.canParse(origin)) {
    return 'must be an http or https URL with a path, without a user, a password or a fragment'
  }
  const used = new Set<string>()
  const left = replace(rest, (name) => {
    used.add(name)
    return ''
  })
  if (/[{}]/.test(left)) {
    return 'may hold {key} and {namespace}, each as a whole path segment or query value'
  }
  if (!used.has('key')) return 'must hold {key}'
  if (namespaces.length > 1 && !used.has('namespace')) {
    return 'must hold {namespace}, because there are several namespaces'
  }
  return undefined
}

/** @param url without fault */
export function toAddress(url: string): Address {
  const [, origin = '', rest = ''] = FORM.exec(url) ?? []
  return {
    origin,
    // Never through `new URL`, which resolves the segments `%2e%2e`.
    pathOf: (namespace, key) => {
      const values = { key: encodeURIComponent(key), namespace }
      return replace(rest, (name) => values[name])
    },
  }
}

function replace(rest: string, textOf: (name: 'key' | 'namespace') => string): string {
  const [path = '', ...query] = rest.split('?')
  const put = (_text: string, name: 'key' | 'namespace') => textOf(name)
  return [
    path.replaceAll(IN_PATH, put),
    ...query.map((part) => part.replaceAll(IN_QUERY, put)),
  ].join('?')
}
