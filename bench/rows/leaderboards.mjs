// A large board against a small one, in Redis' own time per call (INFO commandstats): the
// cost of a call must not depend on the number of members. And memory per member.
import { randomUUID } from 'node:crypto'
import { createLeaderboardStore } from '../../dist/leaderboards/store.js'
import { createBinder } from '../../dist/redis/binder.js'
import { openConnection } from '../../dist/redis/connection.js'

const SMALL = 1_000
const CALLS = { full: 2_000, quick: 2_000, smoke: 50 }
const CALLS_AT_MOST = { full: 20, quick: 20, smoke: 2 }
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
    store.members(NAMESPACE, board, undefined, [shortId(random(members))]),
  'page of 10': (store, board, members) =>
    store.range(NAMESPACE, board, undefined, () => pageFrom(1 + random(members - 10), 10)),
  'around, 11': (store, board, members) =>
    store.around(NAMESPACE, board, undefined, { member: shortId(random(members)), count: 11 }),
}

const pageFrom = (from, limit) => ({
  from,
  limit,
  startWith: 'best',
  bestScore: '',
  worstScore: '',
})

/** Every call at its documented maximum. */
const maxima = {
  'query of 1000': (store, board, members) =>
    store.members(NAMESPACE, board, undefined, shortIds(1_000, members)),
  'page of 1000': (store, board, members) =>
    store.range(NAMESPACE, board, undefined, () => pageFrom(1 + random(members - 1_000), 1_000)),
  'around, 1000': (store, board, members) =>
    store.around(NAMESPACE, board, undefined, { member: shortId(random(members)), count: 1_000 }),
  'submission of 200': (store, board, members) =>
    store.submit(
      NAMESPACE,
      board,
      shortIds(200, members).map((member) => ({ member, ...TIED[board].again() })),
    ),
}
const shortIds = (count, members) => Array.from({ length: count }, () => shortId(random(members)))

const number = (name) => ({ name, order: 'desc', type: 'number' })

/** One column with few ties, and two with ties everywhere, with ranks that count equal scores. */
const TIED = {
  one: {
    config: { columns: [number('score')] },
    score: () => ({ score: randomScore() }),
    again: () => ({ score: randomScore(), op: 'set' }),
  },
  tied: {
    config: { columns: [number('a'), number('b')], ranking: 'modified' },
    score: () => ({ scores: [100, 5] }),
    // About half of the scores change, so that entries move.
    again: () => ({ scores: [100, 5 + random(2)], op: 'set' }),
  },
}

/** A million members take a minute to fill. */
const LARGE = { full: 1_000_000, quick: 50_000, smoke: 2_000 }
const TIED_MEMBERS = { full: 100_000, quick: 20_000, smoke: 2_000 }
/** Tables of Redis are as full at half of this, and at twice of it. */
const WEIGHED = { full: 50_000, quick: 25_000, smoke: 2_000 }

/** @param size 'full', 'quick' or 'smoke' */
export function rows(size) {
  const large = LARGE[size]
  const tied = TIED_MEMBERS[size]
  let boards
  const ready = async (servers) => (boards ??= await fillAll(servers, size))

  return [
    ...Object.entries(operations).map(([operation, run]) => ({
      name: `leaderboard ${operation}: ${large} members over ${SMALL}`,
      target: 2,
      atMost: true,
      async measure({ servers, rounds }) {
        const { store, redis } = await ready(servers)
        const costs = []
        for (let round = 0; round < rounds; round++) {
          const small = await cost(redis, CALLS[size], () => run(store, 'small', SMALL))
          const big = await cost(redis, CALLS[size], () => run(store, 'large', large))
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
    ...Object.entries(maxima).map(([operation, run]) => ({
      name: `leaderboard ${operation}: two equal columns over one number`,
      target: 3,
      atMost: true,
      async measure({ servers, rounds }) {
        const { store, redis } = await ready(servers)
        const costs = []
        for (let round = 0; round < rounds; round++) {
          const one = await costOfAll(redis, CALLS_AT_MOST[size], () => run(store, 'one', tied))
          const two = await costOfAll(redis, CALLS_AT_MOST[size], () => run(store, 'tied', tied))
          costs.push({ one, two, ratio: two.us / one.us })
        }
        const of = (field) => costs.map(field)
        return {
          ratio: median(of(({ ratio }) => ratio)),
          spread: [Math.min(...of(({ ratio }) => ratio)), Math.max(...of(({ ratio }) => ratio))],
          record: {
            'one us': median(of(({ one }) => one.us)),
            'tied us': median(of(({ two }) => two.us)),
            'one us per script': median(of(({ one }) => one.us / one.scripts)),
            'tied us per script': median(of(({ two }) => two.us / two.scripts)),
          },
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

async function fillAll({ redis: { url }, onStop }, size) {
  const connection = openConnection({ url, purpose: 'bench', timeoutMs: 60_000 })
  if (connection.client.status !== 'ready')
    await new Promise((done) => connection.client.once('ready', done))
  onStop(() => connection.close())
  const redis = connection.client
  const observer = { batch() {}, failure() {} }
  const store = createLeaderboardStore({
    binder: createBinder({ connection, observer, clockOffsetUs: () => 0 }),
  })
  const some = WEIGHED[size]
  const board = (name, members, idOf, config, more) => async () => {
    if (config) await store.configure(NAMESPACE, name, { ...PLAIN, ...config })
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
  const short = await board('large', LARGE[size], shortId)()
  const plain = await board('plain', some, shortId)()
  const more = async (...args) => (await board(...args)()) - plain
  const bytes = {
    short,
    long: await board('uuids', some, () => randomUUID())(),
    dense: await more('dense', some, shortId, { ranking: 'dense' }),
    deadlines: await more('deadlines', some, shortId, { memberTtlMs: 86_400_000 }),
    metadata: await more('metadata', some, shortId, undefined, {
      metadata: JSON.stringify({ text: 'x'.repeat(21) }),
    }),
  }
  for (const [name, { config, score }] of Object.entries(TIED)) {
    await store.configure(NAMESPACE, name, { ...PLAIN, ...config })
    for (let at = 0; at < TIED_MEMBERS[size]; at += 200) {
      const entries = Array.from({ length: 200 }, (_, i) => ({
        member: shortId(at + i),
        ...score(),
      }))
      await store.submit(NAMESPACE, name, entries)
    }
  }
  return { store, redis, bytes }
}

const PLAIN = {
  columns: [{ name: 'score', order: 'desc', type: 'number' }],
  op: 'best',
  ties: 'first',
  ranking: 'competition',
  season: { every: 'none', timeZone: 'UTC', keep: 4 },
}

const usedMemory = async (redis) => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1])

/** Microseconds of Redis per call, all calls sent one by one. */
async function cost(redis, calls, run) {
  return (await costOfAll(redis, calls, run)).us / calls
}

async function costOfAll(redis, calls, run) {
  await redis.config('RESETSTAT')
  for (let i = 0; i < calls; i++) await run()
  const stats = await redis.info('commandstats')
  const [, scripts, us] = /cmdstat_evalsha:calls=(\d+),usec=(\d+)/.exec(stats).map(Number)
  return { scripts, us }
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
