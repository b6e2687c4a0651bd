// Starts the compared servers: the built service, the same without Redis, and the shell; reads their
// CPU time and memory.
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { startManagedRedis } from '../dist/redis/managed.js'
import { startPeer } from './peers.mjs'

const ROOT = path.resolve(import.meta.dirname, '..')
const SERVICE = path.join(ROOT, 'dist/main.js')
const canPin = spawnSync('taskset', ['-V']).status === 0

/** One core for the servers under test, the other for Redis and the load. */
const SERVER_CORE = '0'
const OTHER_CORE = '1'
/** An address without a Redis. */
const NO_REDIS = 'redis://127.0.0.1:1'
const PROBED = ['--import', path.join(import.meta.dirname, 'loop-probe.mjs')]
const PROFILED = ['--import', path.join(import.meta.dirname, 'profiler.mjs')]

/**
 * @param isPinned pins each server to a core; figures are comparable only if pinned
 * @param isProfiled makes the servers answer `ask('profile')` and `ask('profiled')`
 */
export async function startServers({ isPinned = true, isProfiled = false } = {}) {
  const pin = isPinned ? pinTo : () => {}
  pin(process.pid, OTHER_CORE)
  const toolsFolder = path.join(ROOT, '.lockstep')
  const redis = await startManagedRedis({ toolsFolder })
  pin(redis.pid(), OTHER_CORE)
  const environment = {
    LOCKSTEP_PORT: '0',
    LOCKSTEP_REDIS_URL: redis.url,
    LOCKSTEP_ENDED_TTL_MS: '1000',
    LOCKSTEP_LOG_LEVEL: 'error',
    LOCKSTEP_COMPAT: 'true',
    // The machine may pause for a moment; a 503 would end the run.
    LOCKSTEP_REDIS_TIMEOUT_MS: '5000',
    LOCKSTEP_CACHE_READ_TIMEOUT_MS: '5000',
    LOCKSTEP_RATELIMIT_TIMEOUT_MS: '5000',
    LOCKSTEP_OVERLOAD_DELAY_MS: '5000',
  }
  const started = []
  const start = async (file, more, options) => {
    const flags = isProfiled ? PROFILED : []
    const server = await startServer(file, { ...environment, ...more }, pin, { flags, ...options })
    started.push(server)
    return server
  }
  const atStop = []
  const stop = async () => {
    for (const work of atStop) work()
    await Promise.all(started.map((server) => server.stop()))
    await redis.stop()
  }
  try {
    return {
      redis,
      service: await start(SERVICE),
      echo: await start(path.join(ROOT, 'bench/echo.mjs')),
      shell: await start(path.join(ROOT, 'bench/shell.mjs')),
      queueShell: await start(path.join(ROOT, 'bench/queue-shell.mjs')),
      streamShell: await start(path.join(ROOT, 'bench/stream-shell.mjs')),
      cutOff: await start(SERVICE, { LOCKSTEP_REDIS_URL: NO_REDIS }),
      /** Starts another service, which the caller stops; by default with the Node of this process. */
      startService: (node, more) =>
        startServer(SERVICE, { ...environment, ...more }, pin, { node }),
      /** Starts a peer, which the caller stops. */
      async startPeer(name) {
        const { pid, ...peer } = await startPeer(name, redis.url)
        pin(pid, SERVER_CORE)
        return { ...peer, cpuMicros: () => cpuMicros(pid) }
      },
      /** Starts a service that measures the longest turn of its event loop. */
      startProbed: () => start(SERVICE, undefined, { flags: PROBED }),
      /** Registers a clean-up for what a row keeps for later rows. */
      onStop: (work) => void atStop.push(work),
      stop,
    }
  } catch (error) {
    // A failed start leaves nothing running.
    await stop()
    throw error
  }
}

/** @returns a server that has printed where it listens. */
async function startServer(file, environment, pin, { node = process.execPath, flags = [] } = {}) {
  const child = spawn(node, [...flags, file], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
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
    cpuMicros: () => cpuMicros(child.pid),
    rssBytes: () => rssBytes(child.pid),
    /** Of a program that was preloaded: see loop-probe.mjs and profiler.mjs. */
    ask: (message) =>
      new Promise((resolve) => {
        child.once('message', resolve)
        child.send(message)
      }),
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit')
        child.once('exit', resolve)
        child.kill('SIGTERM')
      }),
  }
}

function pinTo(pid, core) {
  // -a: Node has threads of its own; a pinned main thread alone would leave them on the other core.
  if (canPin) spawnSync('taskset', ['-a', '-p', '-c', core, String(pid)])
}

/** CPU of all threads of a process, from the scheduler: /proc/PID/stat counts in steps of 10 ms. */
function cpuMicros(pid) {
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(
      readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0],
    )
  }
  return nanoseconds / 1_000
}

const rssBytes = (pid) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
