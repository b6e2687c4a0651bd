import { Cluster } from 'ioredis'
import type { Connection } from './connection.js'
import { unavailable } from './errors.js'

/** The servers of a Redis, for callers that note which of them does not answer. */
export interface Servers {
  /** The primary that holds the key: `host:port` on a Cluster, else ''. */
  serverOf(key: string): string
  /** Rejects if the server does not answer. */
  ping(server: string): Promise<unknown>
}

/** Rejects if the server, on a Cluster any primary, does not answer, or there is no connection. */
export const ping = async (connection: Connection): Promise<unknown> => {
  if (!connection.isReady()) throw unavailable()
  return connection.client.ping()
}

export function serversOf(connection: Connection): Servers {
  const { client } = connection
  if (!(client instanceof Cluster)) {
    return {
      serverOf: () => '',
      ping: () => ping(connection),
    }
  }
  return {
    serverOf: (key) => client.slots[connection.slotOf(key)]?.[0] ?? '',
    async ping(server) {
      if (!connection.isReady()) throw unavailable()
      const node = client
        .nodes('master')
        .find(({ options: { host, port } }) => `${host}:${port}` === server)
      // A server that is no longer a primary counts as well: its keys have moved.
      await node?.ping()
    },
  }
}
