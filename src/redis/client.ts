// Clients of ioredis for each kind of store, which send nothing twice (docs/decisions/0002).
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { reconnectReason } from './errors.js'
import { parseStoreUrl, type StoreUrl } from './store-url.js'

/** What a connection needs besides its URL. */
export interface StoreAccess {
  /** For a URL with TLS: absent fields are the defaults of Node. */
  readonly tls?: {
    readonly ca?: string
    readonly cert?: string
    readonly key?: string
    /** The name in the certificate of every server, where that is not its host. */
    readonly servername?: string
  }
  /** The one of the URL is that of the servers. */
  readonly sentinelPassword?: string
}

export interface ClientOptions {
  readonly url: string
  readonly access?: StoreAccess | undefined
  /** Shown by CLIENT LIST: `lockstep-commands`, `lockstep-cache`, ... */
  readonly purpose: string
  /** After this time without an answer, the outcome of a command is unknown. */
  readonly timeoutMs: number
  /**
   * On a Cluster, one connection to any of the hosts in the URL, in turn. Enough to listen: a node
   * passes on messages of the others. The Cluster client would ping some other node.
   */
  readonly anyNode?: boolean
  /** On a Cluster, one connection to this server. */
  readonly node?: { readonly host: string; readonly port: number } | undefined
}

const SLOTS_REFRESH_MS = 500
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 1_000

/** 50 ms doubling to 1 s, minus up to half of it so that instances do not reconnect in step. */
export function retryDelay(attempt: number): number {
  const delay = Math.min(RETRY_MIN_MS * 2 ** Math.min(attempt - 1, 10), RETRY_MAX_MS)
  return Math.round(delay * (0.5 + Math.random() / 2))
}

/**
 * By default ioredis resends a command whose answer was lost: one INCR may count twice. Here nothing
 * is sent twice and nothing waits for a connection; see docs/decisions/0002.
 */
function profile({ purpose, timeoutMs }: ClientOptions) {
  return {
    connectionName: `lockstep-${purpose}`,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    // ioredis does not catch the rejection: a connection lost at that moment would end the process.
    autoResubscribe: false,
    commandTimeout: timeoutMs,
    socketTimeout: timeoutMs * 2,
    connectTimeout: 2_000,
    retryStrategy: retryDelay,
    reconnectOnError: (error: Error): false | 1 => (reconnectReason(error.message) ? 1 : false),
    lazyConnect: true,
  } satisfies RedisOptions
}

/**
 * A server that wants a certificate refuses a client after the handshake. Node may then emit two errors,
 * and ioredis listens to the first: the other would end the process. A signal makes Node listen to all.
 * ioredis reads it for each connection: a shared one would keep the sockets of all.
 */
const withSignal = (tls: StoreAccess['tls']) => ({
  ...tls,
  get signal() {
    return new AbortController().signal
  },
})

export function createClient(options: ClientOptions): Redis | Cluster {
  const { access = {}, node, anyNode, timeoutMs } = options
  const { kind, isTls, hosts, path, user, password } = parseStoreUrl(options.url)
  const auth = { ...(user && { username: user }), ...(password && { password }) }
  const tls = isTls ? withSignal(access.tls) : undefined
  const common = { ...profile(options), ...auth, ...(tls && { tls }) }
  switch (kind) {
    case 'sentinel':
      return new Redis({
        ...common,
        sentinels: hosts,
        ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
        ...(access.sentinelPassword && { sentinelPassword: access.sentinelPassword }),
        name: path || 'mymaster',
        sentinelCommandTimeout: timeoutMs,
        sentinelRetryStrategy: retryDelay,
        // A primary that hangs closes no connection: the Sentinels say when it is replaced.
        failoverDetector: true,
        sentinelReconnectStrategy: retryDelay,
      })
    case 'cluster':
      if (node) return new Redis({ ...common, ...node })
      if (anyNode) return inTurn(hosts, common)
      return createCluster(hosts, common, timeoutMs)
    case 'unix':
      return new Redis({ ...common, path })
    case 'redis':
      return new Redis({ ...common, ...hosts[0], db: Number(path) })
  }
}

function createCluster(
  hosts: StoreUrl['hosts'],
  common: ReturnType<typeof profile> & Pick<RedisOptions, 'tls'>,
  timeoutMs: number,
): Cluster {
  const cluster = new Cluster(hosts, {
    lazyConnect: true,
    // A certificate is for the name of a host: it must not be replaced by its address.
    ...(common.tls && { dnsLookup: (host, found) => found(null, host) }),
    enableOfflineQueue: false,
    // Above 0 the cluster client sends commands of a lost connection again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    // TRYAGAIN, MOVED and ASK refuse a call before it runs. Its retries must end before the
    // time-out, or a call that its caller gave up would still be sent.
    retryDelayOnTryAgain: timeoutMs / 10,
    maxRedirections: 5,
    clusterRetryStrategy: retryDelay,
    // Other nodes do not report a dead node as MOVED until they are asked.
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    slotsRefreshTimeout: timeoutMs,
    // Healthy nodes answer CLUSTERDOWN: disconnecting them would end the whole client.
    redisOptions: { ...common, reconnectOnError: null },
  })
  cluster.on('+node', catchAsking)
  return cluster
}

/**
 * Before a call to a slot that moves, the cluster client sends ASKING and does not catch its failure,
 * which would end the process. The call itself fails as well.
 */
function catchAsking(node: Redis): void {
  const asking = node.asking.bind(node)
  node.asking = () => {
    const answer = asking()
    answer.catch(() => undefined)
    return answer
  }
}

/** ioredis reads its options at every attempt. */
function inTurn(hosts: StoreUrl['hosts'], options: ReturnType<typeof profile>): Redis {
  const client = new Redis(options)
  const retryStrategy = (attempt: number): number => {
    Object.assign(client.options, hosts[attempt % hosts.length])
    return retryDelay(attempt)
  }
  Object.assign(client.options, hosts[0], { retryStrategy })
  return client
}
