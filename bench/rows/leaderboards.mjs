// A large board against a small one, in Redis' own time per call (INFO commandstats): what a call
// costs must not depend on how many members there are. And memory per member.
import { randomUUID } from 'node:crypto'
import { createLeaderboardStore } from '../../dist/leaderboards/store.js'
import { createBinder } from '../../dist/redis/binder.js'
import { openLink } from '../../dist/redis/connect.js'

const SMALL = 1_000
const CALLS = 2_000
const NAMESPACE = 'bench-boards'

const shortId = (at) => `player-${String(at).padStart(6, '0')}`
const random = (below) => Math.floor(Math.random() * below)
const randomScore = () => random(10_000_000)
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const operations = {
  submit: (store, board, members) =>
    store.submit(NAMESPACE, board, [
      { member: shortId(random(members)), score: randomScore(), op: 'set' },
    ]),
  rank: (store, board, members) =>
    store.members(NAMESPACE, board, undefined, { members: [shortId(random(members))] }),
  'page of 10': (store, board, members) =>
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
  'around, 11': (store, board, members) =>
    store.around(NAMESPACE, board, undefined, { member: shortId(random(members)), count: 11 }),
}

/** A million members take a minute to fill. */
const LARGE = { full: 1_000_000, quick: 100_000, smoke: 2_000 }

/** @param size 'full', 'quick' or 'smoke' */
export function rows(size) {
  const large = LARGE[size]
  let boards
  const ready = async (servers) => (boards ??= await fillAll(servers, large))

  return [
    ...Object.entries(operations).map(([operation, run]) => ({
      name: `leaderboard ${operation}: ${large} members over ${SMALL}`,
      target: 2,
      atMost: true,
      async measure({ servers, rounds }) {
        const { store, redis } = await ready(servers)
        const costs = []
        for (let round = 0; round < rounds; round++) {
          const small = await cost(redis, () => run(store, 'small', SMALL))
          const big = await cost(redis, () => run(store, 'large', large))
          costs.push({ small, big, ratio: big / small })
        }
        const of = (field) => costs.map((round) => round[field])
        return {
          ratio: median(of('ratio')),
          spread: [Math.min(...of('ratio')), Math.max(...of('ratio'))],
          record: { 'small us': median(of('small')), 'large us': median(of('big')) },
        }
      },
    })),
    ...[
      ['short', 'bytes per member, id of 13 bytes', 250],
      ['long', 'bytes per member, id of 36 bytes', 320],
      ['dense', 'bytes per member more for dense ranks'],
      ['deadlines', 'bytes per member more for memberTtlMs'],
      ['metadata', 'bytes per member more for 32 bytes of metadata'],
    ].map(([field, name, target]) => ({
      name: `leaderboard ${name}`,
      target,
      atMost: true,
      measure: async ({ servers }) => ({ ratio: (await ready(servers)).bytes[field], record: {} }),
    })),
    {
      name: 'leaderboard PING ms, p99, while the large board is deleted',
      async measure({ servers }) {
        const { store, redis } = await ready(servers)
        const { p99, worst, pings } = await pingWhile(redis.duplicate(), async () => {
          await store.drop(NAMESPACE, 'large')
          await new Promise((done) => setTimeout(done, 2_000))
        })
        return { ratio: p99, record: { 'worst ms': worst, pings } }
      },
    },
  ]
}

async function fillAll({ redis: { url }, onStop }, large) {
  const link = openLink({ url, purpose: 'bench', timeoutMs: 60_000 })
  if (link.client.status !== 'ready') await new Promise((done) => link.client.once('ready', done))
  onStop(() => link.close())
  const redis = link.client
  const observer = { batch() {}, failure() {} }
  const store = createLeaderboardStore({
    binder: createBinder({ link, observer, clockOffsetUs: () => 0 }),
  })
  const some = Math.min(large, 200_000)
  const board = (name, members, idOf, config, more) => async () => {
    if (config) await store.configure(NAMESPACE, name, { ...PLAIN, ...config }, '')
    const before = await usedMemory(redis)
    for (let at = 0; at < members; at += 200) {
      const count = Math.min(200, members - at)
      const entries = Array.from({ length: count }, (_, i) => ({
        member: idOf(at + i),
        score: randomScore(),
        ...more,
      }))
      await store.submit(NAMESPACE, name, entries)
    }
    return ((await usedMemory(redis)) - before) / members
  }
  await board('small', SMALL, shortId)()
  const short = await board('large', large, shortId)()
  const plain = await board('plain', some, shortId)()
  const more = async (...args) => (await board(...args)()) - plain
  const bytes = {
    short,
    long: await board('uuids', some, () => randomUUID())(),
    dense: await more('dense', some, shortId, { rank: 'dense' }),
    deadlines: await more('deadlines', some, shortId, { memberTtlMs: 86_400_000 }),
    metadata: await more('metadata', some, shortId, undefined, {
      metadata: JSON.stringify({ text: 'x'.repeat(21) }),
    }),
  }
  return { store, redis, bytes }
}

const PLAIN = {
  columns: [{ name: 'score', order: 'desc', type: 'number' }],
  op: 'best',
  ties: 'first',
  rank: 'competition',
  season: { every: 'none', timeZone: 'UTC', keep: 4 },
}

const usedMemory = async (redis) => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1])

/** Microseconds of Redis per call, all calls sent one by one. */
async function cost(redis, run) {
  await redis.config('RESETSTAT')
  for (let i = 0; i < CALLS; i++) await run()
  const stats = await redis.info('commandstats')
  return Number(/cmdstat_evalsha:calls=\d+,usec=\d+,usec_per_call=([\d.]+)/.exec(stats)[1])
}

async function pingWhile(client, work) {
  await client.connect()
  const times = []
  let working = true
  const pinging = (async () => {
    while (working) {
      const started = performance.now()
      await client.ping()
      times.push(performance.now() - started)
    }
  })()
  await work()
  working = false
  await pinging
  client.disconnect()
  times.sort((a, b) => a - b)
  return { p99: times[Math.floor(times.length * 0.99)], worst: times.at(-1), pings: times.length }
}
