import { Cluster, type Redis } from 'ioredis'
import type { Connection } from './connection.js'

/** The memory of one server. */
export interface MemoryUse {
  readonly usedBytes: number
  /** 0: no bound. */
  readonly maxBytes: number
  /** Since the server started. */
  readonly evictedKeys: number
}

export interface MemoryWatch {
  /** Every primary, as it was at most half a second ago. */
  readonly servers: () => readonly MemoryUse[]
  /**
   * Whether the server of a key uses more than the share of `maxmemory`.
   * @param key called only if some server does
   */
  isTight(key: () => string): boolean
}

const EVERY_MS = 500

/**
 * Reads the memory of Redis, on a Cluster of every primary, while the connection is open. A server
 * that has not answered has no bound here: Redis itself still refuses.
 * @param share of `maxmemory`, up to 1, above which a server is tight
 */
export function watchMemory({ client, slotOf }: Connection, share: number): MemoryWatch {
  let known: ReadonlyMap<string, MemoryUse> = new Map()
  let tight: ReadonlySet<string> = new Set()

  async function look(): Promise<void> {
    if (client.status !== 'ready') return
    const servers = client instanceof Cluster ? client.nodes('master') : [client]
    const read = await Promise.all(
      servers.map(async (server) => [nameOf(server), await ask(server)] as const),
    )
    known = new Map(read.filter((pair): pair is [string, MemoryUse] => pair[1] !== undefined))
    tight = new Set([...known].filter(([, use]) => isAbove(use, share)).map(([name]) => name))
  }

  client.on('ready', () => void look())
  const timer = setInterval(() => void look(), EVERY_MS)
  timer.unref()
  client.once('end', () => clearInterval(timer))

  const serverOf = (key: string): string | undefined =>
    client instanceof Cluster ? client.slots[slotOf(key)]?.[0] : nameOf(client)

  return {
    servers: () => [...known.values()],
    isTight: (key) => tight.size > 0 && tight.has(serverOf(key()) ?? ''),
  }
}

const isAbove = ({ usedBytes, maxBytes }: MemoryUse, share: number): boolean =>
  maxBytes > 0 && usedBytes > maxBytes * share

/** As the Cluster client names it in `slots`. */
const nameOf = ({ options: { host, port } }: Redis): string => `${host}:${port}`

async function ask(server: Redis): Promise<MemoryUse | undefined> {
  const info = await server.info('memory', 'stats').catch(() => '')
  const number = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
  if (info === '') return undefined
  return {
    usedBytes: number('used_memory'),
    maxBytes: number('maxmemory'),
    evictedKeys: number('evicted_keys'),
  }
}
