// npm run bench [-- --quick] [--only TEXT] [--json FILE] [--docs FOLDER]
//
// Runs the rows whose name contains TEXT and prints one table of figures. Each figure is a ratio of
// the service to what a user would use instead, or a size, with its target; the command fails if
// one is missed. `--docs` writes the figures into performance.md of a folder, with plots. `--smoke`
// runs every row for a moment, to show that it runs.
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { compareRequests } from './compare.mjs'
import { writePages } from './pages.mjs'
import { isOnPath } from './peers.mjs'
import { rows as cacheValueRows } from './rows/cache-values.mjs'
import { rows as footprintRows } from './rows/footprint.mjs'
import { rows as leaderboardRows } from './rows/leaderboards.mjs'
import { rows as limitMemoryRows } from './rows/limit-memory.mjs'
import { rows as holderRows } from './rows/lock-holders.mjs'
import { rows as lockQueueRows } from './rows/lock-queues.mjs'
import { rows as originRows } from './rows/origins.mjs'
import { rows as overloadRows } from './rows/overload.mjs'
import { rows as peerRows } from './rows/peers.mjs'
import { rows as queueGrowthRows } from './rows/queue-growth.mjs'
import { rows as queueWakeRows } from './rows/queue-wakes.mjs'
import { rows as queueRows } from './rows/queues.mjs'
import { rows as requestRows } from './rows/requests.mjs'
import { rows as streamListenerRows } from './rows/stream-listeners.mjs'
import { rows as streamRows } from './rows/streams.mjs'
import { startServers } from './servers.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
    docs: { type: 'string' },
  },
})

/** CPU is compared at 64 connections: full batches, without overload. */
const PLANS = {
  full: {
    rounds: 5,
    seconds: 0.5,
    warmUp: { requests: 15_000, mostSeconds: 3 },
    connections: [1, 8, 64, 512],
    comparedAt: 64,
  },
  quick: {
    rounds: 3,
    seconds: 0.2,
    warmUp: { requests: 10_000, mostSeconds: 0.6 },
    connections: [8, 64],
    comparedAt: 64,
  },
  smoke: {
    rounds: 1,
    seconds: 0.05,
    warmUp: { requests: 1, mostSeconds: 0.05 },
    connections: [8],
    comparedAt: 8,
  },
}
const size = options.smoke ? 'smoke' : options.quick ? 'quick' : 'full'
const plan = PLANS[size]

const machine = () => ({
  cpus: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  redis: servers.redis.description,
  ...plan,
})

async function measure(row) {
  if (!row.steps) return [await measureByItself(row)]
  if (!row.peer) return compareRequests(row, servers, servers[row.rival ?? 'shell'], plan)
  const peer = await servers.startPeer(row.peer)
  try {
    return await compareRequests(row, servers, peer, plan)
  } finally {
    await peer.stop()
  }
}

/** Runs a row that measures itself without a request load: { ratio, spread?, record }. */
async function measureByItself({ name, target, atMost = false, measure }) {
  const { startService } = servers
  const figure = await measure({ servers, startService, rounds: plan.rounds, size })
  const { ratio } = figure
  const met = target === undefined || (atMost ? ratio <= target : ratio >= target)
  return { name, target, atMost, met, ...figure }
}

function print(figures) {
  console.log(JSON.stringify(machine()))
  const shown = figures.filter(({ target, what }) => target !== undefined || !/p50|p99/.test(what))
  console.table(
    shown.map(({ name, ratio, target, atMost, met, spread, record }) => ({
      name,
      ratio: ratio.toFixed(2),
      target: target === undefined ? 'published' : `${atMost ? '<=' : '>='} ${target}`,
      met,
      spread: spread?.map((value) => value.toFixed(2)).join(' .. ') ?? '',
      record: Object.entries(record)
        .map(([what, value]) => `${what} ${Math.round(value * 100) / 100}`)
        .join(', '),
    })),
  )
}

const servers = await startServers({ isPinned: size !== 'smoke' })
try {
  const rows = [
    ...requestRows,
    ...queueRows,
    ...queueWakeRows,
    ...queueGrowthRows(size),
    ...streamRows,
    ...streamListenerRows,
    ...peerRows.filter(({ peer }) => isOnPath(peer)),
    ...lockQueueRows,
    ...holderRows(size),
    ...limitMemoryRows,
    ...cacheValueRows,
    ...originRows(size),
    ...leaderboardRows(size),
    ...overloadRows(size),
    ...footprintRows,
  ]
  const figures = []
  const failed = []
  for (const row of rows.filter(({ name }) => name.includes(options.only))) {
    const began = performance.now()
    process.stderr.write(row.name)
    try {
      figures.push(...(await measure(row)))
      process.stderr.write(`: ${((performance.now() - began) / 1_000).toFixed(1)} s\n`)
    } catch (error) {
      // The other figures of a long run are worth keeping.
      failed.push(row.name)
      process.stderr.write(`: ${error.stack}\n`)
    }
  }
  print(figures)
  const report = { machine: machine(), rows: figures }
  if (options.json) writeFileSync(options.json, JSON.stringify(report, null, 2))
  if (options.docs) writePages(options.docs, report)
  if (failed.length > 0) process.stderr.write(`not measured: ${failed.join('; ')}\n`)
  if (failed.length > 0 || (size !== 'smoke' && figures.some(({ met }) => !met))) {
    process.exitCode = 1
  }
} finally {
  await servers.stop()
}
