// npm run bench:profile [-- TEXT]
//
// Where the CPU of a request goes, in the service and in the thinnest shell: the shares of a sampling
// profiler at 64 connections, times the CPU that the operating system counted. Rows whose name holds
// TEXT, by default all.
import { Redis } from 'ioredis'
import { prepare, turn } from './compare.mjs'
import { warmUp } from './load.mjs'
import { rows as queueRows } from './rows/queues.mjs'
import { rows as requestRows } from './rows/requests.mjs'
import { rows as streamRows } from './rows/streams.mjs'
import { startServers } from './servers.mjs'

const WARM_UP = { connections: 64, requests: 15_000, mostSeconds: 4 }
const LOAD = { connections: 64, seconds: 3 }

const text = process.argv[2] ?? ''
const rows = [...requestRows, ...queueRows, ...streamRows].filter(
  ({ name, server }) => name.includes(text) && server !== 'cutOff',
)
const servers = await startServers({ isProfiled: true })
const redis = new Redis(servers.redis.url.replace('unix://', ''))
try {
  for (const row of rows) {
    const service = servers[row.server ?? 'service']
    const shell = servers[row.rival ?? 'shell']
    await prepare(service, row.prepare)
    await prepare(shell, row.prepareShell)
    console.log(row.name)
    console.table({
      service: await profile(service, row.steps),
      shell: await profile(shell, row.shell),
    })
  }
} finally {
  redis.disconnect()
  await servers.stop()
}

/** @returns microseconds per request by part */
async function profile(server, steps) {
  await warmUp(server.url, steps, WARM_UP)
  await server.ask('profile')
  const { cpuMicros } = await turn({ server, steps }, redis, LOAD)
  const samples = await server.ask('profiled')
  const all = Object.values(samples).reduce((sum, one) => sum + one, 0)
  const parts = Object.entries(samples).sort(([, a], [, b]) => b - a)
  const share = ([part, one]) => [part, Number(((one / all) * cpuMicros).toFixed(1))]
  return Object.fromEntries([['all', Number(cpuMicros.toFixed(1))], ...parts.map(share)])
}
