// Starts what is compared: the built service, its echo, and their Redis; reads their CPU time.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { startManagedRedis } from '../dist/redis/managed.js'

const ROOT = path.resolve(import.meta.dirname, '..')
const canPin = spawnSync('taskset', ['-V']).status === 0

/** One core for the servers under test, the other for Redis and the load. */
const SERVER_CORE = '0'
const OTHER_CORE = '1'

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
  try {
    for (const file of ['dist/main.js', 'bench/echo.mjs']) {
      started.push(await startServer(path.join(ROOT, file), environment))
    }
  } catch (error) {
    // What was started must not outlive a start that failed.
    await stop()
    throw error
  }
  const [service, echo] = started
  return { redis, service, echo, stop }
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
