// npm run bench:nodes -- BINARY...
//
// Compares the service on other versions of Node with the one of this process: CPU per request and
// requests per second at 64 connections, in alternating turns. npm has the versions as packages:
//   npm run bench:nodes -- "$(npx -y node@22 -p process.execPath)" "$(npx -y node@24 -p process.execPath)"
import { execFileSync } from 'node:child_process'
import { Redis } from 'ioredis'
import { median, prepare, turn } from './compare.mjs'
import { warmUp } from './load.mjs'
import { rows as requestRows } from './rows/requests.mjs'
import { startServers } from './servers.mjs'

const ROUNDS = 5
const WARM_UP = { connections: 64, requests: 15_000, mostSeconds: 3 }
const LOAD = { connections: 64, seconds: 0.5 }

const binaries = [process.execPath, ...process.argv.slice(2)]
const rows = requestRows.filter(({ server }) => server === undefined)

const servers = await startServers()
const redis = new Redis(servers.redis.url.replace('unix://', ''))
const sides = []
try {
  for (const binary of binaries) {
    const began = performance.now()
    const server = await servers.startService(binary)
    const startMs = performance.now() - began
    const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim()
    sides.push({ version, server, startMs, idleMiB: server.rssBytes() / 2 ** 20 })
  }
  console.table(
    sides.map(({ version, startMs, idleMiB }) => ({
      version,
      'start s': (startMs / 1_000).toFixed(2),
      'idle MiB': Math.round(idleMiB),
    })),
  )
  console.table(await compareAll())
} finally {
  redis.disconnect()
  for (const { server } of sides) await server.stop()
  await servers.stop()
}

async function compareAll() {
  const lines = []
  for (const { name, steps, prepare: first } of rows) {
    await prepare(sides[0].server, first)
    for (const { server } of sides) await warmUp(server.url, steps, WARM_UP)
    const rounds = []
    for (let i = 0; i < ROUNDS; i++) {
      const round = []
      // Each goes first in turn.
      for (let nth = 0; nth < sides.length; nth++) {
        const at = (i + nth) % sides.length
        round[at] = await turn({ server: sides[at].server, steps }, redis, LOAD)
      }
      rounds.push(round)
    }
    const line = { request: name }
    for (const [at, { version }] of sides.entries()) {
      const ratio = (field) => median(rounds.map((round) => round[at][field] / round[0][field]))
      const us = median(rounds.map((round) => round[at].cpuMicros))
      line[`${version}: CPU us`] = us.toFixed(1)
      if (at > 0) {
        line[`${version}: CPU`] = ratio('cpuMicros').toFixed(2)
        line[`${version}: requests/s`] = ratio('perSecond').toFixed(2)
      }
    }
    lines.push(line)
  }
  return lines
}
