// npm run bench [-- --quick] [--only TEXT] [--json FILE]; TEXT is part of the names of the rows to run.
//
// Every row is a ratio of the service to a rival, mostly its echo, measured in alternating turns of one run: these
// machines are noisy by a factor of two, and only what runs side by side can be compared.
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { drive, generator } from './load.mjs'
import { rows as cacheRows } from './rows/cache.mjs'
import { rows as cacheValueRows } from './rows/cache-values.mjs'
import { rows as leaderboardRows } from './rows/leaderboards.mjs'
import { rows as limitMemoryRows } from './rows/limit-memory.mjs'
import { rows as queueRows } from './rows/lock-queues.mjs'
import { rows as lockRows } from './rows/locks.mjs'
import { rows as limitRows } from './rows/ratelimits.mjs'
import { startServers } from './servers.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
})

const CONNECTIONS = 64
const ROUNDS = options.quick ? 3 : 7
const SECONDS = options.quick ? 2 : 4

/**
 * The ratio is throughput per core: requests per second of the server's CPU time, service over its
 * rival, which is its echo unless the row names another. Redis and the load share the other core,
 * which is full first, so the rates alone would compare how much of it Redis leaves to the load
 * (docs/decisions/0003). A row `atMost` is the CPU per operation instead, service over rival.
 */
async function measure(row) {
  const { name, target, atMost = false, operations = 1, connections = CONNECTIONS } = row
  const rival = { server: 'echo', request: row.request, ...row.rival }
  const sides = {
    service: { server: servers[row.server ?? 'service'], request: row.request },
    rival: { server: servers[rival.server], request: rival.request },
  }
  for (const request of row.prepare ?? []) await once(sides.service.server.url, request)
  for (const request of rival.prepare ?? []) await once(sides.rival.server.url, request)
  const load = { connections, seconds: SECONDS }
  for (const { server, request } of Object.values(sides)) {
    await drive(server.url, request, { ...load, seconds: 1 })
  }
  const rounds = []
  for (let i = 0; i < ROUNDS; i++) {
    // Each side goes first in turn, so that a machine that slows down favours neither.
    const order = ['service', 'rival']
    if (i % 2 === 1) order.reverse()
    const round = {}
    for (const side of order) round[side] = await turn(sides[side], load)
    rounds.push(round)
  }
  const ratios = rounds.map(({ service, rival }) =>
    atMost ? service.cpuMicros / operations / rival.cpuMicros : rival.cpuMicros / service.cpuMicros,
  )
  const ratio = median(ratios)
  const of = (side, field) => median(rounds.map((round) => round[side][field]))
  return {
    name,
    target,
    atMost,
    ratio,
    met: target === undefined || (atMost ? ratio <= target : ratio >= target),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    cpuMicros: of('service', 'cpuMicros'),
    rivalCpuMicros: of('rival', 'cpuMicros'),
    perSecond: of('service', 'perSecond'),
    rivalPerSecond: of('rival', 'perSecond'),
    p99Ms: of('service', 'p99Ms'),
  }
}

/** A row that no load of one request can show brings its own comparison: { ratio, spread, record }. */
async function measureByItself({ name, target, atMost = false, measure }) {
  const { ratio, spread, record } = await measure({ servers, rounds: ROUNDS })
  return {
    name,
    target,
    atMost,
    ratio,
    met: target === undefined || (atMost ? ratio <= target : ratio >= target),
    spread,
    record,
  }
}

async function once(url, { method, path, body }) {
  const answer = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}`)
}

async function turn({ server, request }, load) {
  const before = server.cpuMicros()
  const { requests, perSecond, p99Ms, failed } = await drive(server.url, request, load)
  if (failed > 0) throw new Error(`${failed} of ${requests} requests failed`)
  return { perSecond, p99Ms, cpuMicros: (server.cpuMicros() - before) / requests }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function machine() {
  return {
    cpus: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    generator,
    connections: CONNECTIONS,
    rounds: ROUNDS,
    seconds: SECONDS,
  }
}

const toReport = (results) => ({ machine: machine(), rows: results })

function print(results) {
  console.log(JSON.stringify(machine()))
  console.table(
    results.map((row) => ({
      name: row.name,
      ratio: row.ratio.toFixed(2),
      target: row.target === undefined ? 'published' : `${row.atMost ? '<=' : '>='} ${row.target}`,
      met: row.met,
      spread: row.spread?.map((value) => value.toFixed(2)).join(' .. '),
      ...(row.record ? rounded(row.record) : toLoadColumns(row)),
    })),
  )
}

const toLoadColumns = (row) => ({
  'cpu us/req': row.cpuMicros.toFixed(1),
  'req/s': Math.round(row.perSecond),
  'rival us/req': row.rivalCpuMicros.toFixed(1),
  'rival req/s': Math.round(row.rivalPerSecond),
  'p99 ms': row.p99Ms.toFixed(1),
})

const rounded = (record) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, value.toFixed(2)]))

const servers = await startServers()
try {
  const results = []
  const rows = [
    ...lockRows,
    ...queueRows,
    ...limitRows,
    ...limitMemoryRows,
    ...cacheRows,
    ...cacheValueRows,
    ...leaderboardRows(options),
  ]
  for (const row of rows.filter(({ name }) => name.includes(options.only))) {
    if (row.rival && !servers[row.rival.server]) {
      console.warn(`${row.name}: left out, ${row.rival.server} is not on PATH`)
      continue
    }
    results.push(row.measure ? await measureByItself(row) : await measure(row))
  }
  print(results)
  if (options.json) writeFileSync(options.json, JSON.stringify(toReport(results), null, 2))
  if (results.some(({ met }) => !met)) process.exitCode = 1
} finally {
  await servers.stop()
}
