import slotOfKey from 'cluster-key-slot'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { type ConnectionState, ConnectionStates } from './connection-state.js'
import { leadsElsewhere } from './errors.js'
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
  /** The `run_id` of the server that a call made now reaches; '' where it is not known. */
  runId(): string
  /** Drops the connection and opens a new one, after a reply that came from the wrong server. */
  reconnect(reason: Reason): void
  close(): void
}

export interface ConnectionOptions {
  readonly url: string
  /** Shown by CLIENT LIST: `lockstep-commands`, `lockstep-cache`, ... */
  readonly purpose: string
  /** How long one command may take before its outcome is unknown. */
  readonly timeoutMs: number
  /** Where the contact of this link is kept with those of others. */
  readonly states?: ConnectionStates
  /**
   * Asked at every contact. The link is not ready before it has resolved once, and is asked again
   * while it rejects.
   */
  readonly admit?: (client: Redis | Cluster) => Promise<void>
  /**
   * On a Cluster, one connection to any of the hosts in the URL, in turn. Enough to listen: every
   * node passes on what is published at another. The Cluster client would ping some other node.
   */
  readonly anyNode?: boolean
  /** On a Cluster, one connection to this server. */
  readonly node?: { readonly host: string; readonly port: number }
}

const ADMIT_EVERY_MS = 250
const SLOTS_REFRESH_MS = 500
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 1_000

/** 50 ms doubling to 1 s, each shortened by up to half so that instances do not return in step. */
function retryDelay(attempt: number): number {
  const delay = Math.min(RETRY_MIN_MS * 2 ** Math.min(attempt - 1, 10), RETRY_MAX_MS)
  return Math.round(delay * (0.5 + Math.random() / 2))
}

/**
 * The defaults of ioredis send a command again when its answer was lost: one INCR may count twice.
 * Here nothing is ever sent twice and nothing waits for a connection; see docs/decisions/0002.
 */
function profile({ purpose, timeoutMs }: ConnectionOptions) {
  return {
    connectionName: `lockstep-${purpose}`,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    // The client's own try has no catch: a connection lost in that moment would end the process.
    autoResubscribe: false,
    commandTimeout: timeoutMs,
    socketTimeout: timeoutMs * 2,
    connectTimeout: 2_000,
    retryStrategy: retryDelay,
    reconnectOnError: (error: Error): false | 1 => (leadsElsewhere(error.message) ? 1 : false),
    lazyConnect: true,
  } satisfies RedisOptions
}

/**
 * Opens a link and returns at once; `isReady` tells when it can be used. The URL is `redis://`,
 * `rediss://`, `unix://`, `redis+sentinel://host:port,host:port/master` or
 * `redis+cluster://host:port,host:port`.
 */
export function openConnection(options: ConnectionOptions): Connection {
  const { states = new ConnectionStates(), purpose, url, node } = options
  const client = createClient(options)
  const server = node ? `${node.host}:${node.port}` : shownStoreUrl(url)
  const state = states.open({ purpose, server, client })
  // A node is connected when it is first needed, and refuses calls while it connects: in the
  // middle of a migration or a promotion that would be an outage of its own.
  client.on('+node', (node: Redis) => {
    hearAsking(node)
    if (node.status === 'wait') node.connect().catch(() => undefined)
  })
  // A failed attempt is known to the contact, and tried again by the retry strategy.
  const connect = () => void client.connect().catch(() => undefined)
  connect()
  let isClosed = false
  // One that is told of a failover while it asks the Sentinels for the primary gives up for good.
  client.on('end', () => {
    if (!isClosed) setTimeout(() => isClosed || connect(), retryDelay(1)).unref()
  })
  const isAdmitted = admission(client, state, options)
  const clustered = client instanceof Cluster
  return {
    client,
    slotOf: clustered ? (key) => slotOfKey(key) : () => 0,
    isReady: () => client.status === 'ready' && isAdmitted(),
    runId: watchRunId(client),
    state,
    reconnect: (reason) => {
      if (clustered) return client.refreshSlotsCache()
      // Every call of a refused batch asks; the first one closes the connection.
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

function createClient(options: ConnectionOptions): Redis | Cluster {
  const { protocol, hosts, path, user, password } = parseStoreUrl(options.url)
  const auth = { ...(user && { username: user }), ...(password && { password }) }
  switch (protocol) {
    case 'redis+sentinel':
      return new Redis({
        ...profile(options),
        ...auth,
        sentinels: hosts,
        name: path || 'mymaster',
        sentinelCommandTimeout: options.timeoutMs,
        sentinelRetryStrategy: retryDelay,
        // A primary that hangs closes no connection: the Sentinels say when it is no primary.
        failoverDetector: true,
        sentinelReconnectStrategy: retryDelay,
      })
    case 'redis+cluster':
      if (options.node) return new Redis({ ...profile(options), ...auth, ...options.node })
      if (options.anyNode) return inTurn(hosts, { ...profile(options), ...auth })
      return new Cluster(hosts, {
        lazyConnect: true,
        enableOfflineQueue: false,
        // Above 0 the cluster client sends commands of a lost connection again.
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
        // TRYAGAIN, MOVED and ASK refuse a whole call before it runs. Asking again must end before
        // the time-out, or a call that was given up would still be sent.
        retryDelayOnTryAgain: options.timeoutMs / 10,
        maxRedirections: 5,
        clusterRetryStrategy: retryDelay,
        // A node that died is not reported by the others as MOVED until somebody asks them.
        slotsRefreshInterval: SLOTS_REFRESH_MS,
        slotsRefreshTimeout: options.timeoutMs,
        // CLUSTERDOWN is answered by nodes that are well: dropping them would end the whole client.
        redisOptions: { ...profile(options), ...auth, reconnectOnError: null },
      })
    case 'unix':
      return new Redis({ ...profile(options), ...auth, path })
    default: {
      const [host] = hosts
      const tls = protocol === 'rediss' && { tls: {} }
      return new Redis({ ...profile(options), ...auth, ...host, db: Number(path), ...tls })
    }
  }
}

/**
 * The cluster client sends ASKING before a call to a slot that moves, and does not listen to its
 * answer: one that fails would end the process. The call behind it fails by itself.
 */
function hearAsking(node: Redis): void {
  const asking = node.asking.bind(node)
  node.asking = () => {
    const answer = asking()
    answer.catch(() => undefined)
    return answer
  }
}

/** ioredis reads its options anew at every attempt. */
function inTurn(hosts: StoreUrl['hosts'], options: ReturnType<typeof profile>): Redis {
  const client = new Redis(options)
  const retryStrategy = (attempt: number): number => {
    Object.assign(client.options, hosts[attempt % hosts.length])
    return retryDelay(attempt)
  }
  Object.assign(client.options, hosts[0], { retryStrategy })
  return client
}
