import { mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Redis } from 'ioredis'
import { startManagedRedis } from '../../src/redis/managed.js'
import { spawnManaged } from '../../src/redis/managed-process.js'
import { findServer } from '../../src/redis/server-binary.js'
import { freePort, withFreePorts } from './free-port.js'
import { find, toolsFolder } from './server-place.js'
import { until } from './until.js'

/** One server of a topology, on loopback. It always ends with this process. */
export interface Node {
  readonly port: number
  /** For raw commands. Reconnects by itself. */
  readonly client: Redis
  pid(): number
  stop(): Promise<void>
}

/** Starts a data server without persistence. It does not restart: the topology promotes another. */
export async function startNode(conf: readonly string[], port?: number): Promise<Node> {
  return withFreePorts(async () => {
    const at = port ?? (await freePort())
    const redis = await startManagedRedis({ toolsFolder, find, port: at, conf, restart: false })
    return toNode(at, redis.pid, () => redis.stop())
  })
}

/** Redis runs as a Sentinel if its command has that name. */
export async function startSentinel(lines: readonly string[]): Promise<Node> {
  const port = await freePort()
  const folder = mkdtempSync('/tmp/ls-sentinel-')
  const conf = path.join(folder, 'sentinel.conf')
  writeFileSync(conf, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...lines, ''].join('\n'))
  const found = await findServer({ toolsFolder, only: find, log: () => undefined })
  const command = path.join(folder, 'redis-sentinel')
  symlinkSync(found.path, command)
  const started = await spawnManaged({
    binary: { ...found, path: command },
    runFolder: folder,
    conf,
    logFd: openSync(path.join(folder, 'log'), 'a'),
  })
  return toNode(
    port,
    () => started.pid,
    async () => {
      started.stop()
      await started.ended
      rmSync(folder, { recursive: true, force: true })
    },
  )
}

async function toNode(port: number, pid: () => number, stop: () => Promise<void>): Promise<Node> {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, lazyConnect: true })
  client.on('error', () => undefined)
  await client.connect().catch(() => undefined)
  await until(`an answer of port ${port}`, async () => (await client.ping()) === 'PONG')
  return {
    port,
    client,
    pid,
    async stop() {
      client.disconnect()
      // A stopped process does not react to SIGTERM.
      try {
        process.kill(pid(), 'SIGCONT')
      } catch {
        // The test has killed the process.
      }
      await stop()
    },
  }
}
