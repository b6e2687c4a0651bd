// npm run bench:leaderboards
//
// What a large board costs: Redis' own time per call (INFO commandstats) at 1,000 and 1,000,000
// members, memory per member, and PING while a board of a million is deleted. Starts its own
// Redis; needs `npm run build` and redis-server on PATH. About two minutes.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLeaderboardStore } from '../dist/leaderboards/store.js'
import { createBinder } from '../dist/redis/binder.js'
import { openLink } from '../dist/redis/connect.js'

const SMALL = 1_000
const LARGE = 1_000_000
const CALLS = 2_000
const ROUNDS = 5
const NAMESPACE = 'bench'

const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-bench-'))
const socket = path.join(folder, 'redis.sock')
const server = spawn(
  'redis-server',
  ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'],
  { stdio: 'ignore' },
)
const open = (purpose) =>
  openLink({ url: `unix://${socket}`, purpose, timeoutMs: 60_000, onError() {} })
const link = open('commands')
const probe = open('probe')
for (const { client } of [link, probe]) {
  if (client.status !== 'ready') await new Promise((done) => client.once('ready', done))
}
const redis = link.client
const store = createLeaderboardStore({
  binder: createBinder({
    link,
    observer: { batch() {}, failure() {} },
    clockOffsetUs: () => 0,
  }),
})

const shortId = (at) => `player-${String(at).padStart(6, '0')}`
const random = (below) => Math.floor(Math.random() * below)
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

async function fill(board, members, idOf) {
  const before = await usedMemory()
  for (let at = 0; at < members; at += 200) {
    const count = Math.min(200, members - at)
    const entries = Array.from({ length: count }, (_, i) => ({
      member: idOf(at + i),
      score: random(10_000_000),
    }))
    await store.submit(NAMESPACE, board, entries)
  }
  return ((await usedMemory()) - before) / members
}

async function usedMemory() {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1])
}

/** Microseconds of Redis per call, all calls sent one by one. */
async function cost(run) {
  await redis.config('RESETSTAT')
  for (let i = 0; i < CALLS; i++) await run()
  const stats = await redis.info('commandstats')
  return Number(/cmdstat_evalsha:calls=\d+,usec=\d+,usec_per_call=([\d.]+)/.exec(stats)[1])
}

const operations = {
  submit: (board, members) =>
    store.submit(NAMESPACE, board, [
      { member: shortId(random(members)), score: random(10_000_000), op: 'set' },
    ]),
  rank: (board, members) =>
    store.members(NAMESPACE, board, undefined, { members: [shortId(random(members))] }),
  page: (board, members) =>
    store.page(NAMESPACE, board, undefined, {
      from: 1 + random(members - 10),
      limit: 10,
      worst: 0,
      best_score: '',
      worst_score: '',
      after: '',
      after_seq: '0',
      after_member: '',
    }),
  around: (board, members) =>
    store.around(NAMESPACE, board, undefined, { member: shortId(random(members)), count: 11 }),
}

try {
  await fill('small', SMALL, shortId)
  const short = await fill('large', LARGE, shortId)
  const long = await fill('uuids', LARGE / 5, () => randomUUID())

  console.log('| operation | us at 1,000 | us at 1,000,000 | ratio | spread | target |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const [name, run] of Object.entries(operations)) {
    const rounds = []
    for (let round = 0; round < ROUNDS; round++) {
      const small = await cost(() => run('small', SMALL))
      const large = await cost(() => run('large', LARGE))
      rounds.push({ small, large, ratio: large / small })
    }
    const ratios = rounds.map(({ ratio }) => ratio)
    const column = (key) => median(rounds.map((round) => round[key])).toFixed(1)
    const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
    const ratio = median(ratios).toFixed(2)
    console.log(`| ${name} | ${column('small')} | ${column('large')} | ${ratio} | ${spread} | 2 |`)
  }
  console.log(`\nbytes per member: ${short.toFixed(0)} (13-byte id, target 250)`)
  console.log(`bytes per member: ${long.toFixed(0)} (36-byte id, target 320)`)

  const pings = []
  let deleting = true
  const pinging = (async () => {
    while (deleting) {
      const started = performance.now()
      await probe.client.ping()
      pings.push(performance.now() - started)
    }
  })()
  await store.drop(NAMESPACE, 'large')
  await new Promise((done) => setTimeout(done, 2_000))
  deleting = false
  await pinging
  pings.sort((a, b) => a - b)
  const p99 = pings[Math.floor(pings.length * 0.99)].toFixed(2)
  console.log(
    `PING while a million is deleted: p99 ${p99} ms, max ${pings.at(-1).toFixed(2)} ms, ${pings.length} pings`,
  )
} finally {
  link.close()
  probe.close()
  server.kill()
  rmSync(folder, { recursive: true, force: true })
}
