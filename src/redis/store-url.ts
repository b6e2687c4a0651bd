/** The parts of LOCKSTEP_REDIS_URL. */
export interface StoreUrl {
  readonly protocol: string
  readonly kind: 'redis' | 'unix' | 'sentinel' | 'cluster'
  readonly isTls: boolean
  readonly hosts: { host: string; port: number }[]
  /** The database of a server, the name of a primary behind Sentinels, or the path of a socket. */
  readonly path: string
  readonly user: string
  readonly password: string
}

const KINDS: ReadonlyMap<string, StoreUrl['kind']> = new Map([
  ['redis', 'redis'],
  ['unix', 'unix'],
  ['redis+sentinel', 'sentinel'],
  ['redis+cluster', 'cluster'],
])

const SENTINEL_PORT = 26_379
const REDIS_PORT = 6_379

/** `host:port`, `host`, or an IPv6 address in brackets. */
const HOST_AND_PORT = /^(?:\[([\da-f:.]+)\]|([^:[\]]*))(?::(\d+))?$/i

/**
 * `new URL` accepts neither several hosts nor an `@` in a password.
 * @throws TypeError that does not repeat the URL: it may hold a password
 */
export function parseStoreUrl(url: string): StoreUrl {
  const match = /^([a-z+]+):\/\/(?:([^:/[]*)(?::([^/]*))?@)?([^/@]*)(\/.*)?$/.exec(url)
  const [, protocol = '', user = '', password = '', hosts = '', path = ''] = match ?? []
  // A query is refused: it would be neither read nor hidden, and may hold a password.
  if (!match || /[?#]/.test(hosts + path)) throw new TypeError('not a Redis URL')
  const kind = KINDS.get(protocol.replace('rediss', 'redis'))
  if (kind === undefined) throw new TypeError('not a Redis URL')
  return {
    protocol,
    kind,
    isTls: protocol.startsWith('rediss'),
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
    hosts: hosts.split(',').map((entry) => {
      const [, v6, name = '', port] = HOST_AND_PORT.exec(entry) ?? []
      const fallback = kind === 'sentinel' ? SENTINEL_PORT : REDIS_PORT
      return { host: v6 ?? name, port: port === undefined ? fallback : Number(port) }
    }),
    path: kind === 'unix' ? path : path.slice(1),
  }
}

/** Whether `openConnection` accepts this URL. */
export function isStoreUrl(url: string): boolean {
  try {
    const { kind, hosts, path } = parseStoreUrl(url)
    if (kind === 'unix') return path.length > 1
    if (!hosts.every(isAddress)) return false
    return kind === 'sentinel' || /^\d*$/.test(path)
  } catch {
    return false
  }
}

const isAddress = ({ host, port }: StoreUrl['hosts'][number]): boolean =>
  host !== '' && port > 0 && port < 65_536

/** The URL without secrets: scheme, hosts, ports, and database or path. */
export function shownStoreUrl(url: string): string {
  const { protocol, kind, hosts, path } = parseStoreUrl(url)
  if (kind === 'unix') return `unix://${path}`
  const addresses = hosts.map(
    ({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
  )
  return `${protocol}://${addresses.join(',')}${path === '' ? '' : `/${path}`}`
}
