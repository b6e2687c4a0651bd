import { closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lockFolder } from './folder-lock.js'
import { managedConf } from './managed-conf.js'
import { ManagedRedisError } from './managed-error.js'
import { makeDataFolder, makeRunFolder, openLog, socketIn } from './managed-folders.js'
import { type ManagedProcess, spawnManaged } from './managed-process.js'
import { untilAnswering } from './managed-ready.js'
import { findServer, type ServerBinary, type ServerSource } from './server-binary.js'

const RESTART_FIRST_MS = 100
const RESTART_LAST_MS = 5_000
/** The rest is for the service, the system, and the copy that a rewrite of the log makes. */
const MEMORY_SHARE = 0.5
/** A Redis that ran this long is restarted without a longer wait. */
const STEADY_MS = 30_000

export interface ManagedOptions {
  /** The project's `.lockstep`; a fetched server is in its `bin`. */
  readonly toolsFolder: string
  /** Keeps the data between two runs; made if missing. Without it nothing is kept. */
  readonly dataFolder?: string | undefined
  /** Looks for the server in this place only. */
  readonly find?: ServerSource | undefined
  /** Listens on this port of 127.0.0.1 as well; `url` then has the port, not the socket. */
  readonly port?: number | undefined
  /** More lines of redis.conf; they win over ours. */
  readonly conf?: readonly string[]
  /** Restarts Redis when it dies. Default true. */
  readonly restart?: boolean
  /** How long to retry a data folder in use. Default 10 seconds. */
  readonly lockWaitMs?: number
  readonly log?: (message: string) => void
}

export interface ManagedRedis {
  /** `unix://...`, or `redis://127.0.0.1:...` when a port was asked for. */
  readonly url: string
  readonly binary: ServerBinary
  /** For a banner. */
  readonly description: string
  /** Of the current Redis; a restart changes it. */
  pid(): number
  /** Lets Redis write its data, ends it and removes its files. Idempotent. */
  stop(): Promise<void>
}

/**
 * In production a forgotten URL must not silently become an empty store.
 * @returns why managed mode is refused, or undefined
 */
export function managedRefusal(nodeEnv: string | undefined, allowed: boolean): string | undefined {
  if (nodeEnv !== 'production' || allowed) return undefined
  return 'NODE_ENV is production and LOCKSTEP_REDIS_URL is not set. Give the URL of your Redis, or set LOCKSTEP_REDIS_MANAGED=true to let Lockstep run one of its own.'
}

/**
 * Starts a private Redis on a unix socket that only this user may open. It is restarted when it dies,
 * and ends with this process, also when that is killed.
 * @throws ManagedRedisError if there is no server to start, the data folder is in use or cannot be
 *   written, or Redis refuses to start
 */
export async function startManagedRedis(options: ManagedOptions): Promise<ManagedRedis> {
  const { toolsFolder, find, restart = true, log = () => {} } = options
  const binary = await findServer({ toolsFolder, only: find, log })
  const place = await takePlace(options)
  const spawn = () => spawnIn(place, binary)
  const stopping = new AbortController()

  let current: ManagedProcess
  try {
    current = await spawn()
    await answering(place, current)
  } catch (error) {
    cleanUp(place)
    throw error
  }

  const over = keepAlive()
  let stopped: Promise<void> | undefined

  async function keepAlive(): Promise<void> {
    for (let waitMs = RESTART_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RESTART_LAST_MS)) {
      const since = performance.now()
      const why = await current.ended
      if (stopping.signal.aborted || !restart) return
      if (performance.now() - since > STEADY_MS) waitMs = RESTART_FIRST_MS
      log(`The managed Redis ended (${why}) and is started again in ${waitMs} ms.`)
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      current = await spawn()
      // stop() may have been called before the pid was known.
      if (stopping.signal.aborted) current.stop()
    }
  }

  async function end(): Promise<void> {
    stopping.abort()
    current.stop()
    await over
    cleanUp(place)
  }

  return {
    url: place.url,
    binary,
    description: describe(binary, place.dataFolder),
    pid: () => current.pid,
    stop: () => (stopped ??= end()),
  }
}

type Place = Awaited<ReturnType<typeof takePlace>>

/** Makes the folders, locks the data folder and writes the configuration. */
async function takePlace(options: ManagedOptions) {
  const { port, lockWaitMs = 10_000, conf: extra = [], log = () => {} } = options
  const dataFolder = options.dataFolder && makeDataFolder(options.dataFolder, log)
  const lock = dataFolder === undefined ? undefined : await lockFolder(dataFolder, lockWaitMs, log)
  const runFolder = makeRunFolder()
  const folder = dataFolder ?? runFolder
  const socket = socketIn(runFolder)
  const conf = path.join(runFolder, 'redis.conf')
  const keep = folder === dataFolder
  const maxMemoryBytes = Math.floor(memoryBytes() * MEMORY_SHARE)
  writeFileSync(conf, managedConf({ socket, folder, keep, maxMemoryBytes, port, extra }))
  const url = port === undefined ? `unix://${socket}` : `redis://127.0.0.1:${port}`
  return { url, socket, runFolder, dataFolder, conf, log: openLog(folder), lock }
}

/** Of the machine, or of the cgroup (a container, a systemd unit) that bounds this process. */
const memoryBytes = (): number => Math.min(totalmem(), process.constrainedMemory() || totalmem())

function cleanUp({ log, lock, runFolder }: Place): void {
  closeSync(log.fd)
  lock?.release()
  rmSync(runFolder, { recursive: true, force: true })
}

async function spawnIn(place: Place, binary: ServerBinary): Promise<ManagedProcess> {
  const { runFolder, conf, log, lock } = place
  const started = await spawnManaged({ binary, runFolder, conf, logFd: log.fd, lockFd: lock?.fd })
  lock?.note([process.pid, started.pid])
  return started
}

/** @throws ManagedRedisError with the last log lines of a Redis that refuses to start */
async function answering(place: Place, started: ManagedProcess): Promise<void> {
  const why = await untilAnswering(place.socket, started.ended)
  if (why === undefined) return
  const lines = readFileSync(place.log.file, 'utf8').trimEnd().split('\n').slice(-4).join('\n')
  throw new ManagedRedisError(`Redis does not start (${why}). Its log ends with:\n${lines}`)
}

function describe({ product, version, path: file }: ServerBinary, dataFolder?: string): string {
  const kept = dataFolder === undefined ? 'nothing is kept' : `data in ${dataFolder}`
  return `${product} ${version} started by Lockstep (${file}; ${kept})`
}
