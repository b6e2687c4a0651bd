export interface ManagedConf {
  readonly socket: string
  /** Where Redis works; what it keeps lies here. */
  readonly folder: string
  readonly keep: boolean
  /** More than this it refuses to hold. */
  readonly maxMemoryBytes: number
  /** Also listen on this port of 127.0.0.1. */
  readonly port?: number | undefined
  /** Lines of redis.conf that come last and so win. */
  readonly extra: readonly string[]
}

/**
 * The redis.conf of a managed Redis. What is not set here is Redis' own default, so that a managed
 * Redis behaves as the one a user would install.
 */
export function managedConf(conf: ManagedConf): string {
  const { socket, folder, keep, maxMemoryBytes, port, extra } = conf
  return [
    'daemonize no',
    'bind 127.0.0.1',
    `port ${port ?? 0}`,
    `unixsocket ${quoted(socket)}`,
    'unixsocketperm 600',
    `dir ${quoted(folder)}`,
    // The append-only file alone: a second's work is the most that a power cut can take.
    'save ""',
    `appendonly ${keep ? 'yes' : 'no'}`,
    'appendfsync everysec',
    // Without a bound the system would kill Redis, or something else, when memory runs out.
    `maxmemory ${maxMemoryBytes}`,
    // An evicted lock is a lock held twice. A full Redis refuses instead.
    'maxmemory-policy noeviction',
    // A big value is freed in the background, not while everybody waits.
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
