import slotOfKey from 'cluster-key-slot'
import { Cluster, Redis } from 'ioredis'
import { type ClientOptions, createClient, retryDelay } from './client.js'
import { type ConnectionState, ConnectionStates } from './connection-state.js'
import { type Reason, reasonOf } from './reasons.js'
import { watchRunId } from './run-id.js'
import { shownStoreUrl } from './store-url.js'

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

export interface ConnectionOptions extends ClientOptions {
  /** Keeps the state of this connection with those of others. */
  readonly states?: ConnectionStates
  /**
   * Called whenever the connection opens, and again while it rejects. The connection is not ready
   * before it has resolved once.
   */
  readonly admit?: ((client: Redis | Cluster) => Promise<void>) | undefined
}

const ADMIT_EVERY_MS = 250

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
