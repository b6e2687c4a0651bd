// Services that others run for the same jobs, compared if they are on PATH. They are built by
//   go build -o ratelimit github.com/envoyproxy/ratelimit/src/service_cmd
//   go build -o etcd go.etcd.io/etcd/server/v3
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** One processor, as the service has. `ready` is a path that is answered with 200. */
const PEERS = {
  ratelimit: {
    ready: '/healthcheck',
    start({ ports: [http, grpc, debug], folder, redisUrl }) {
      const unit = (limit) => ({ unit: 'minute', requests_per_unit: limit })
      mkdirSync(path.join(folder, 'config'))
      const config = {
        domain: 'bench',
        descriptors: [0, 1, 2, 3].map((i) => ({ key: `l${i}`, rate_limit: unit(1_000_000) })),
      }
      // JSON is YAML.
      writeFileSync(path.join(folder, 'config/bench.yaml'), JSON.stringify(config))
      return {
        args: [],
        env: {
          PORT: http,
          GRPC_PORT: grpc,
          DEBUG_PORT: debug,
          HOST: '127.0.0.1',
          USE_STATSD: 'false',
          LOG_LEVEL: 'error',
          RUNTIME_ROOT: folder,
          RUNTIME_SUBDIRECTORY: '',
          RUNTIME_WATCH_ROOT: 'false',
          BACKEND_TYPE: 'redis',
          REDIS_SOCKET_TYPE: 'unix',
          REDIS_URL: redisUrl.replace('unix://', ''),
        },
      }
    },
  },
  etcd: {
    ready: '/health',
    start: ({ ports: [http, peer], folder }) => ({
      args: [
        ['data-dir', folder],
        ['listen-client-urls', `http://127.0.0.1:${http}`],
        ['advertise-client-urls', `http://127.0.0.1:${http}`],
        ['listen-peer-urls', `http://127.0.0.1:${peer}`],
        ['log-level', 'error'],
      ].map(([name, value]) => `--${name}=${value}`),
      env: {},
    }),
  },
}

export const isOnPath = (name) => spawnSync('which', [name]).status === 0

/** @returns { url, pid, stop } of a peer that is ready. */
export async function startPeer(name, redisUrl) {
  const { ready, start } = PEERS[name]
  const ports = await Promise.all([freePort(), freePort(), freePort()])
  const folder = mkdtempSync(path.join(tmpdir(), `lockstep-bench-${name}-`))
  const { args, env } = start({ ports, folder, redisUrl })
  const { PATH, HOME } = process.env
  const child = spawn(name, args, {
    env: { PATH, HOME, GOMAXPROCS: '1', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const url = `http://127.0.0.1:${ports[0]}`
  const isReady = () =>
    fetch(url + ready).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`)
    await sleep(50)
  }
  return {
    url,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(String(port)))
    })
  })
