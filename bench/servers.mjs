// Starts what is compared: the built service, its echo, a bare Fastify and webdis; reads their CPU
// time.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startManagedRedis } from '../dist/redis/managed.js'

const ROOT = path.resolve(import.meta.dirname, '..')
const canPin = spawnSync('taskset', ['-V']).status === 0

/** One core for the servers under test, the other for Redis and the load. */
const SERVER_CORE = '0'
const OTHER_CORE = '1'
/** Where no Redis listens. */
const NOBODY = 'redis://127.0.0.1:1'

export async function startServers() {
  pin(process.pid, OTHER_CORE)
  const redis = await startManagedRedis({ toolsFolder: path.join(ROOT, '.lockstep') })
  pin(redis.pid(), OTHER_CORE)
  const environment = {
    LOCKSTEP_PORT: '0',
    LOCKSTEP_REDIS_URL: redis.url,
    LOCKSTEP_ENDED_TTL_MS: '1000',
    LOCKSTEP_LOG_LEVEL: 'warn',
  }
  const started = []
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()))
    await redis.stop()
  }
  let webdis
  try {
    const cutOff = { ...environment, LOCKSTEP_REDIS_URL: NOBODY }
    for (const [file, variables] of [
      ['dist/main.js', environment],
      ['bench/echo.mjs', environment],
      ['bench/fastify.mjs', environment],
      ['dist/main.js', cutOff],
    ]) {
      started.push(await startServer(path.join(ROOT, file), variables))
    }
    webdis = await startWebdis()
    if (webdis) started.push(webdis)
  } catch (error) {
    // What was started must not outlive a start that failed.
    await stop()
    throw error
  }
  const [service, echo, fastify, cutOff] = started
  return { redis, service, echo, fastify, cutOff, webdis, stop }
}

/** With a Redis of its own, for it speaks TCP only. @returns undefined where it is not on PATH. */
async function startWebdis() {
  const onPath = (process.env.PATH ?? '').split(path.delimiter)
  if (!onPath.some((folder) => existsSync(path.join(folder, 'webdis')))) return undefined
  const [redisPort, httpPort] = await Promise.all([freePort(), freePort()])
  const redis = await startManagedRedis({
    toolsFolder: path.join(ROOT, '.lockstep'),
    port: redisPort,
  })
  pin(redis.pid(), OTHER_CORE)
  const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-bench-'))
  const file = path.join(folder, 'webdis.json')
  const settings = {
    redis_host: '127.0.0.1',
    redis_port: redisPort,
    http_host: '127.0.0.1',
    http_port: httpPort,
    threads: 1,
    daemonize: false,
    verbosity: 0,
    logfile: path.join(folder, 'webdis.log'),
  }
  writeFileSync(file, JSON.stringify(settings))
  const child = spawn('webdis', [file], { stdio: 'ignore' })
  pin(child.pid, SERVER_CORE)
  const url = `http://127.0.0.1:${httpPort}`
  await untilAnswering(`${url}/PING`)
  return {
    url,
    cpuMicros: () => cpuMicros(child.pid),
    async stop() {
      await new Promise((resolve) => {
        child.once('exit', resolve)
        child.kill('SIGTERM')
      })
      await redis.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

async function untilAnswering(url) {
  for (let i = 0; i < 100; i++) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    await sleep(50)
  }
  throw new Error(`${url} does not answer`)
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** @returns a server that has printed where it listens. */
async function startServer(file, environment) {
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
      const match = /http:\/\/127\.0\.0\.1:\d+/.exec(text)
      if (match) resolve(match[0])
    })
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
  })
  pin(child.pid, SERVER_CORE)
  return {
    url,
    pid: child.pid,
    cpuMicros: () => cpuMicros(child.pid),
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit')
        child.once('exit', resolve)
        child.kill('SIGTERM')
      }),
  }
}

function pin(pid, core) {
  // -a: Node has threads of its own; a pinned main thread alone would leave them on the other core.
  if (canPin) spawnSync('taskset', ['-a', '-p', '-c', core, String(pid)])
}

/** User and system time of a process: fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms. */
export function cpuMicros(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}
