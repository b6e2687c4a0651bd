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

/** A segment that servers resolve, also where they decode the path first. */
const DOTS = /(^|[/\\])\.\.?([/\\]|$)/

/** What is wrong with a key for the path of an origin; completes "<place> ...". */
export const keyFault = (key: string): string | undefined =>
  DOTS.test(key) ? 'may not have . or .. between / or \\ in a space with an origin' : undefined

/** What is wrong with a URL of the configuration file; completes "<place> ...". */
export function addressFault(url: string, namespaces: readonly string[]): string | undefined {
  const rest = restOf(url)
  if (rest === undefined) return FORM_FAULT
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

/**
 * What is wrong with the URL of a list of keys; completes "<place> ...".
 * @param ofValues the URL of the values, to whose origin alone its headers are sent
 */
export function listFault(url: string, ofValues: string): string | undefined {
  const rest = restOf(url)
  if (rest === undefined) return FORM_FAULT
  if (toAddress(url).origin !== toAddress(ofValues).origin) {
    return 'must begin with the scheme, host and port of url'
  }
  const left = replace(rest, (name) => (name === 'namespace' ? '' : '{key}'))
  return /[{}]/.test(left)
    ? 'may hold {namespace}, as a whole path segment or query value'
    : undefined
}

const FORM_FAULT =
  'must be an http or https URL with a path, without a user, a password or a fragment'

/** The path and query of a URL, if it has the form of one. */
function restOf(url: string): string | undefined {
  const [, origin, rest] = FORM.exec(url) ?? []
  if (origin === undefined || rest?.includes('#') || !URL.canParse(origin)) return undefined
  return rest
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
