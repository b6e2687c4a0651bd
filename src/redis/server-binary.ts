import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { ManagedRedisError } from './managed-error.js'
import { fetchServer } from './server-fetch.js'

const run = promisify(execFile)

/** Older ones lack what the scripts use. */
const OLDEST_MAJOR = 7

export const SERVER_SOURCES = ['path', 'cache', 'fetch'] as const
export type ServerSource = (typeof SERVER_SOURCES)[number]

/** A redis-server or valkey-server that runs here. */
export interface ServerBinary {
  readonly path: string
  /** LD_LIBRARY_PATH of a fetched server, with libraries that the machine may lack. */
  readonly libraries?: string
  /** 'Redis' or 'Valkey'. */
  readonly product: string
  readonly version: string
  readonly source: ServerSource
}

export interface FindOptions {
  /** Holds the fetched copy; made by a fetch. */
  readonly toolsFolder: string
  /** Looks in this place only; 'fetch' uses an existing copy and never the PATH. */
  readonly only?: ServerSource | undefined
  readonly log: (message: string) => void
}

/**
 * Finds a server: installed, else fetched before, else fetched now.
 * @throws ManagedRedisError naming what is wrong at each place, and what to do
 */
export async function findServer({ toolsFolder, only, log }: FindOptions): Promise<ServerBinary> {
  const folder = path.join(toolsFolder, 'bin')
  const places: Record<ServerSource, () => Promise<ServerBinary | string>> = {
    path: onPath,
    cache: () => cached(folder, 'cache'),
    fetch: () => fetched(folder, log),
  }
  const misses: string[] = []
  for (const source of only === undefined ? SERVER_SOURCES : [only]) {
    const found = await places[source]()
    if (typeof found !== 'string') return found
    misses.push(found)
  }
  throw new ManagedRedisError(
    `No Redis to start: ${misses.join('; ')}. Install redis-server (7.0 or later), or give the URL of a running one in LOCKSTEP_REDIS_URL, or use docker compose up.`,
  )
}

async function onPath(): Promise<ServerBinary | string> {
  const seen: string[] = []
  for (const name of ['redis-server', 'valkey-server']) {
    const found = await whereIs(name)
    if (found === undefined) continue
    const binary = await inspect({ path: found, source: 'path' })
    if (typeof binary !== 'string') return binary
    seen.push(binary)
  }
  return seen.join('; ') || 'neither redis-server nor valkey-server is on PATH'
}

async function cached(folder: string, source: ServerSource): Promise<ServerBinary | string> {
  const file = path.join(folder, 'redis-server')
  if (!existsSync(file)) return `no copy in ${folder}`
  return inspect({ path: file, libraries: path.join(folder, 'lib'), source })
}

/** The existing copy, if it still runs, else a new one: a second start needs no network. */
async function fetched(folder: string, log: FindOptions['log']): Promise<ServerBinary | string> {
  const copy = await cached(folder, 'fetch')
  if (typeof copy !== 'string') return copy
  return (await fetchServer(folder, log)) ?? cached(folder, 'fetch')
}

async function whereIs(name: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('sh', ['-c', 'command -v "$1"', 'sh', name])
    return path.resolve(stdout.trim())
  } catch {
    return undefined
  }
}

/** Runs a server to check its version. @returns what is wrong with it, else the server */
async function inspect(
  place: Pick<ServerBinary, 'path' | 'libraries' | 'source'>,
): Promise<ServerBinary | string> {
  const library = place.libraries === undefined ? [] : [`LD_LIBRARY_PATH=${place.libraries}`]
  try {
    const { stdout } = await run('env', [...library, place.path, '--version'], { timeout: 10_000 })
    const [, product, version] = /^(\w+) server v=(\S+)/.exec(stdout) ?? []
    if (product === undefined || version === undefined) return `${place.path} is no Redis server`
    if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
      return `${place.path} is ${product} ${version}, older than ${OLDEST_MAJOR}.0`
    }
    return { ...place, product, version }
  } catch {
    return `${place.path} does not run`
  }
}
