import { Cluster } from 'ioredis'
import type { Link } from './connect.js'
import { unavailable } from './errors.js'

/** The servers behind a link, for those who remember which of them does not answer. */
export interface Reach {
  /** Who holds the key: `host:port` on a Cluster, else ''. */
  serverOf(key: string): string
  /** @throws whatever the client throws where the server does not answer. */
  ping(server: string): Promise<unknown>
}

export function reachOf(link: Link): Reach {
  const { client } = link
  if (!(client instanceof Cluster)) {
    return {
      serverOf: () => '',
      ping: () => (link.isReady() ? client.ping() : Promise.reject(unavailable())),
    }
  }
  return {
    serverOf: (key) => client.slots[link.slotOf(key)]?.[0] ?? '',
    async ping(server) {
      if (!link.isReady()) throw unavailable()
      const node = client
        .nodes('master')
        .find(({ options: { host, port } }) => `${host}:${port}` === server)
      // One that is no primary any more holds nothing back: its keys have moved.
      await node?.ping()
    },
  }
}
