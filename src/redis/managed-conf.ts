export interface ManagedConf {
  readonly socket: string
  /** The working folder and data of Redis. */
  readonly folder: string
  readonly keep: boolean
  readonly maxMemoryBytes: number
  /** Also listen on this port of 127.0.0.1. */
  readonly port?: number | undefined
  /** The last lines of redis.conf, which win. */
  readonly extra: readonly string[]
}

/** The redis.conf of a managed Redis. Everything else is a default, as in an installed Redis. */
export function managedConf(conf: ManagedConf): string {
  const { socket, folder, keep, maxMemoryBytes, port, extra } = conf
  return [
    'daemonize no',
    'bind 127.0.0.1',
    `port ${port ?? 0}`,
    `unixsocket ${quoted(socket)}`,
    'unixsocketperm 600',
    `dir ${quoted(folder)}`,
    // The append-only file alone: a power cut loses at most a second.
    'save ""',
    `appendonly ${keep ? 'yes' : 'no'}`,
    'appendfsync everysec',
    // Without a bound the system kills Redis, or something else, when memory runs out.
    `maxmemory ${maxMemoryBytes}`,
    // An evicted lock is a lock held twice. A full Redis refuses instead.
    'maxmemory-policy noeviction',
    // Large values are freed in the background, not while every caller waits.
    'lazyfree-lazy-expire yes',
    'lazyfree-lazy-eviction yes',
    'lazyfree-lazy-server-del yes',
    ...extra,
    '',
  ].join('\n')
}

/** redis.conf reads a quoted word with backslash escapes. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
