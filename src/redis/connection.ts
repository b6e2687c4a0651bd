import slotOfKey from 'cluster-key-slot'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { type ConnectionState, ConnectionStates } from './connection-state.js'
import { reconnectReason } from './errors.js'
import { type Reason, reasonOf } from './reasons.js'
import { watchRunId } from './run-id.js'
import { parseStoreUrl, type StoreUrl, shownStoreUrl } from './store-url.js'

/** One multiplexed connection (or one per Cluster node) that serves a single purpose. */
export interface Connection {
  readonly client: Redis | Cluster
  /** The Cluster slot of a key; 0 on a single Redis, where every key lives together. */
  slotOf(key: string | Buffer): number
  readonly state: ConnectionState
  isReady(): boolean
  /** Calls the listener whenever the connection opens. Where `admit` is given, it may not be ready yet. */
  onOpen(listener: () => void): void
  /** The `run_id` of the server that a call made now reaches; '' where it is not known. */
  runId(): string
  /** Drops the connection and opens a new one, after a reply that came from the wrong server. */
  reconnect(reason: Reason): void
  close(): void
}

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

export interface ConnectionOptions {
  readonly url: string
  readonly access?: StoreAccess | undefined
  /** Shown by CLIENT LIST: `lockstep-commands`, `lockstep-cache`, ... */
  readonly purpose: string
  /** After this time without an answer, the outcome of a command is unknown. */
  readonly timeoutMs: number
  /** Keeps the state of this connection with those of others. */
  readonly states?: ConnectionStates
  /**
   * Called whenever the connection opens, and again while it rejects. The connection is not ready
   * before it has resolved once.
   */
  readonly admit?: ((client: Redis | Cluster) => Promise<void>) | undefined
  /**
   * On a Cluster, one connection to any of the hosts in the URL, in turn. Enough to listen: a node
   * passes on messages of the others. The Cluster client would ping some other node.
   */
  readonly anyNode?: boolean
  /** On a Cluster, one connection to this server. */
  readonly node?: { readonly host: string; readonly port: number } | undefined
}

const ADMIT_EVERY_MS = 250
const SLOTS_REFRESH_MS = 500
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 1_000

/** 50 ms doubling to 1 s, minus up to half of it so that instances do not reconnect in step. */
function retryDelay(attempt: number): number {
  const delay = Math.min(RETRY_MIN_MS * 2 ** Math.min(attempt - 1, 10), RETRY_MAX_MS)
  return Math.round(delay * (0.5 + Math.random() / 2))
}

/**
 * By default ioredis resends a command whose answer was lost: one INCR may count twice. Here nothing
 * is sent twice and nothing waits for a connection; see docs/decisions/0002.
 */
function profile({ purpose, timeoutMs }: ConnectionOptions) {
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

/** Returns at once; the connection can be used when `isReady()`. */
export function openConnection(options: ConnectionOptions): Connection {
  const { states = new ConnectionStates(), purpose, url, node } = options
  const client = createClient(options)
  const server = node ? `${node.host}:${node.port}` : shownStoreUrl(url)
  const state = states.open({ purpose, server, client })
  const { isOpen, onOpen } = watchOpening(client)
  // The state records a failed attempt; the retry strategy repeats it.
  const connect = () => void client.connect().catch(() => undefined)
  connect()
  let isClosed = false
  // A client that hears of a failover while it asks the Sentinels for the primary gives up for good.
  client.on('end', () => {
    if (!isClosed) setTimeout(() => isClosed || connect(), retryDelay(1)).unref()
  })
  const isAdmitted = admission(client, state, options)
  const clustered = client instanceof Cluster
  return {
    client,
    slotOf: clustered ? (key) => slotOfKey(key) : () => 0,
    isReady: () => client.status === 'ready' && isOpen() && isAdmitted(),
    onOpen,
    runId: watchRunId(client),
    state,
    reconnect: (reason) => {
      if (clustered) return client.refreshSlotsCache()
      // Every call of a refused batch calls this; the first one closes the connection.
      if (client.status !== 'ready') return
      state.expectLoss(reason)
      client.disconnect(true)
    },
    close: () => {
      isClosed = true
      states.close(state)
      client.disconnect()
    },
  }
}

/**
 * A Cluster is open when each node that was known when its client became ready is connected, or
 * failed. ioredis would connect a node at its first call, and refuse calls meanwhile: at a start,
 * during a migration or a promotion that would be an outage.
 */
function watchOpening(client: Redis | Cluster): {
  isOpen(): boolean
  onOpen(listener: () => void): void
} {
  if (client instanceof Redis) {
    return { isOpen: () => true, onOpen: (listener) => void client.on('ready', listener) }
  }
  let isOpen = false
  const listeners: (() => void)[] = []
  const attempts = new Set<Promise<void>>()
  client.on('+node', (node: Redis) => {
    catchAsking(node)
    if (node.status !== 'wait') return
    const attempt = node.connect().then(ignore, ignore)
    attempts.add(attempt)
    void attempt.then(() => attempts.delete(attempt))
  })
  client.on('ready', async () => {
    await Promise.all(attempts)
    isOpen = true
    for (const listener of listeners) listener()
  })
  client.on('close', () => {
    isOpen = false
  })
  return { isOpen: () => isOpen, onOpen: (listener) => void listeners.push(listener) }
}

const ignore = () => undefined

function admission(
  client: Redis | Cluster,
  state: ConnectionState,
  { admit }: ConnectionOptions,
): () => boolean {
  if (admit === undefined) return () => true
  let admitted = false
  const ask = () =>
    admit(client).then(
      () => {
        admitted = true
        state.refuse(undefined)
      },
      (error: unknown) => {
        state.refuse(reasonOf(error))
        if (client.status === 'ready') setTimeout(ask, ADMIT_EVERY_MS).unref()
      },
    )
  client.on('ready', ask)
  return () => admitted
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

function createClient(options: ConnectionOptions): Redis | Cluster {
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
      return new Cluster(hosts, {
        lazyConnect: true,
        // A certificate is for the name of a host: it must not be replaced by its address.
        ...(tls && { dnsLookup: (host, found) => found(null, host) }),
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
    case 'unix':
      return new Redis({ ...common, path })
    case 'redis':
      return new Redis({ ...common, ...hosts[0], db: Number(path) })
  }
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
