/** Connections, scripts and their batches, keys, errors, shared documents, waits and watches, the private Redis. */

import { Cluster } from 'ioredis'
import type { StoreAccess } from './client.js'
import { createClusterPubSub } from './cluster-pub-sub.js'
import { type Connection, type ConnectionOptions, openConnection } from './connection.js'
import { ConnectionStates } from './connection-state.js'
import type { Part } from './layout.js'
import { checkLayout, LayoutError } from './layout-record.js'
import { createProbe, type Probe } from './probe.js'
import { createPubSub, type PubSub } from './pub-sub.js'

/** The connections of one instance: one per purpose, so that none delays another. */
export interface Connections {
  readonly commands: Connection
  /** Commands of the cache: large values must not delay a lock. */
  readonly cache: Connection
  readonly pubSub: PubSub
  /** On the Redis that holds the cache. */
  readonly cachePubSub: PubSub
  readonly probe: Probe
  /** Undefined where the cache shares the Redis. */
  readonly cacheProbe: Probe | undefined
  /** Of every connection. */
  readonly states: ConnectionStates
  close(): void
}

export interface ConnectionsOptions {
  readonly url: string
  readonly access?: StoreAccess | undefined
  /** A separate Redis for the cache. */
  readonly cacheUrl?: string | undefined
  readonly cacheAccess?: StoreAccess | undefined
  readonly timeoutMs: number
  /** Another layout filled this Redis: the instance must not use it. */
  readonly onRefused: (error: LayoutError) => void
}

/** Returns at once; Redis may come later. */
export function openConnections({
  cacheUrl,
  cacheAccess,
  onRefused,
  ...given
}: ConnectionsOptions): Connections {
  const states = new ConnectionStates()
  const options = { ...given, states }
  const admit =
    (part: Part): ConnectionOptions['admit'] =>
    (client) =>
      checkLayout({ client }, part).catch((error: unknown) => {
        if (error instanceof LayoutError) onRefused(error)
        throw error
      })
  const probe = (of: typeof options, purpose: string) =>
    createProbe(openConnection({ ...of, purpose }))

  const isApart = cacheUrl !== undefined
  const cache = isApart ? { ...options, url: cacheUrl, access: cacheAccess } : options
  const cacheAdmit = isApart ? admit('cache') : undefined
  const cacheConnection = openConnection({ ...cache, purpose: 'cache', admit: cacheAdmit })
  const connections = {
    commands: openConnection({
      ...options,
      purpose: 'commands',
      admit: admit(isApart ? 'all-but-cache' : 'everything'),
    }),
    cache: cacheConnection,
    pubSub: createPubSub(openConnection({ ...options, purpose: 'pubsub', anyNode: true })),
    cachePubSub: listenToCache(cache, cacheConnection),
    probe: probe(options, 'probe'),
    cacheProbe: isApart ? probe(cache, 'cache-probe') : undefined,
  }
  return {
    ...connections,
    states,
    close() {
      for (const connection of Object.values(connections)) connection?.close()
    },
  }
}

/** L1 needs gap detection: on a Cluster it subscribes to every primary directly. */
function listenToCache(options: Omit<ConnectionOptions, 'purpose'>, cache: Connection): PubSub {
  const open = (node?: ConnectionOptions['node']) =>
    openConnection({ ...options, purpose: 'cache-pubsub', node })
  return cache.client instanceof Cluster
    ? createClusterPubSub({ cluster: cache, openNode: open })
    : createPubSub(open(), { sharded: true })
}
