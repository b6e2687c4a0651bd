import { Cluster, type Redis } from 'ioredis'
import type { Connection } from '../../src/redis/connection.js'

/**
 * Raw commands on any topology, with the signatures of a single server. A Cluster client sends each
 * key to its node by itself. This sends commands about the whole data set, or about keys of
 * different slots, to every primary.
 */
export function rawCommands({ client }: Connection): Redis {
  if (!(client instanceof Cluster)) return client
  const primaries = () => client.nodes('master')
  const everywhere: Record<string, (...args: never[]) => unknown> = {
    async *scanStream(options: Parameters<Redis['scanStream']>[0]) {
      for (const node of primaries()) yield* node.scanStream(options)
    },
    keys: async (pattern: string) =>
      (await Promise.all(primaries().map((node) => node.keys(pattern)))).flat(),
    unlink: (...keys: (string | string[])[]) => perKey(keys, (key) => client.unlink(key)),
    del: (...keys: (string | string[])[]) => perKey(keys, (key) => client.del(key)),
    exists: (...keys: (string | string[])[]) => perKey(keys, (key) => client.exists(key)),
    script: (...args: [never]) => first(primaries().map((node) => node.script(...args))),
    config: (...args: [never]) => first(primaries().map((node) => node.config(...args))),
  }
  return new Proxy(client as unknown as Redis, {
    get(target, name) {
      const value = everywhere[name as string] ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function perKey(
  keys: readonly (string | string[])[],
  run: (key: string) => Promise<number>,
): Promise<number> {
  const counts = await Promise.all(keys.flat().map(run))
  return counts.reduce((sum, count) => sum + count, 0)
}

const first = async <T>(replies: readonly Promise<T>[]): Promise<T | undefined> =>
  (await Promise.all(replies))[0]
