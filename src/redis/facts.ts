import { Cluster } from 'ioredis'
import type { Connection } from './connection.js'
import { toStoreError } from './errors.js'

/** What Redis reports about itself. Read on demand; a field that Redis does not report is `unknown`. */
export interface RedisFacts {
  readonly version: string
  readonly mode: 'single' | 'sentinel' | 'cluster'
  readonly persistence: 'none' | 'rdb' | 'aof' | 'rdb-aof' | 'unknown'
  readonly evictionPolicy: string
  readonly maxMemoryBytes: number
  readonly usedMemoryBytes: number
  readonly replicas: number
  /** Redis refuses writes while it has too few replicas. */
  readonly needsReplicas: boolean
  /** Large values that expire are freed in the background; undefined where CONFIG is forbidden. */
  readonly freesLazily: boolean | undefined
}

/** @throws StoreError where Redis does not answer. */
export async function readFacts({ client }: Pick<Connection, 'client'>): Promise<RedisFacts> {
  const [info, save, lazy] = await Promise.all([
    client.info().catch((error: unknown) => {
      if (String(error).includes('NOPERM')) return ''
      throw toStoreError(error)
    }),
    configured(client, 'save'),
    configured(client, 'lazyfree-lazy-expire'),
  ])
  const fields = Object.fromEntries(
    info.split('\r\n').flatMap((line) => {
      const at = line.indexOf(':')
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : []
    }),
  )
  return {
    version: fields.valkey_version ?? fields.redis_version ?? 'unknown',
    mode: modeOf(client),
    persistence: persistence(fields.aof_enabled === '1', save),
    evictionPolicy: fields.maxmemory_policy ?? 'unknown',
    maxMemoryBytes: Number(fields.maxmemory ?? 0),
    usedMemoryBytes: Number(fields.used_memory ?? 0),
    replicas: Number(fields.connected_slaves ?? 0),
    // INFO has this field only where min-replicas-to-write is above 0.
    needsReplicas: fields.min_slaves_good_slaves !== undefined,
    freesLazily: lazy === undefined ? undefined : lazy === 'yes',
  }
}

/** An ACL may forbid CONFIG, and managed services do. */
async function configured(client: Connection['client'], name: string): Promise<string | undefined> {
  try {
    const reply = (await client.config('GET', name)) as string[] | Record<string, string>
    return Array.isArray(reply) ? reply[1] : reply[name]
  } catch {
    return undefined
  }
}

/** A Redis behind Sentinel does not report that; the client knows. */
function modeOf(client: Connection['client']): RedisFacts['mode'] {
  if (client instanceof Cluster) return 'cluster'
  return client.options.sentinels ? 'sentinel' : 'single'
}

function persistence(aof: boolean, save: string | undefined): RedisFacts['persistence'] {
  if (save === undefined) return aof ? 'aof' : 'unknown'
  if (save === '') return aof ? 'aof' : 'none'
  return aof ? 'rdb-aof' : 'rdb'
}
