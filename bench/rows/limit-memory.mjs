// The memory of one subject of a rate limit, by algorithm, in a separate Redis.
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createCheckStore } from '../../dist/ratelimits/checks/store.js'
import { createLimitLeaseStore } from '../../dist/ratelimits/leases/store.js'
import { Circuits } from '../../dist/ratelimits/outage/circuit.js'
import { createBinder } from '../../dist/redis/binder.js'
import { RedisClock } from '../../dist/redis/clock.js'
import { openConnection } from '../../dist/redis/connection.js'
import { startManagedRedis } from '../../dist/redis/managed.js'
import { serversOf } from '../../dist/redis/servers.js'

const NAMESPACE = 'bench'
/** A little above a power of two, where the hash tables of Redis are emptiest. */
const SUBJECTS = {
  full: { few: 1_100, many: 17_000, settled: 10 },
  quick: { few: 270, many: 4_300, settled: 5 },
  smoke: { few: 20, many: 200, settled: 1 },
}
const HOUR_MS = 3_600_000

const window = { limit: 100, windowMs: HOUR_MS }
const sliding = { algorithm: 'sliding-window', ...window }

/** `calls`: calls of a subject in its window, for algorithms that store each. */
const KINDS = [
  { name: 'gcra', target: 216, policy: { algorithm: 'gcra', ...window } },
  { name: 'fixed-window', policy: { algorithm: 'fixed-window', ...window } },
  {
    name: 'fixed-window, calendar',
    policy: { algorithm: 'fixed-window', align: 'calendar', period: 'month', limit: 100 },
  },
  { name: 'sliding-window', policy: sliding },
  { name: 'sliding-window, 60 buckets', policy: { ...sliding, buckets: 60 } },
  {
    name: 'leaky-bucket',
    target: 216,
    policy: { algorithm: 'leaky-bucket', maxDelayMs: HOUR_MS, ...window },
  },
  { name: 'sliding-log, 1 call', policy: { algorithm: 'sliding-log', ...window } },
  { name: 'sliding-log, 100 calls', policy: { algorithm: 'sliding-log', ...window }, calls: 100 },
  {
    name: 'concurrency, 1 lease',
    policy: { algorithm: 'concurrency', limit: 10, leaseMs: HOUR_MS },
  },
  {
    name: 'concurrency, 10 leases',
    policy: { algorithm: 'concurrency', limit: 10, leaseMs: HOUR_MS },
    calls: 10,
  },
]

export const rows = KINDS.map(({ name, target, policy, calls = 1 }) => ({
  name: `bytes per subject: ${name}`,
  ...(target !== undefined && { target }),
  atMost: true,
  async measure({ size, rounds }) {
    const { few, many, settled } = SUBJECTS[size]
    const subjects = calls > 1 ? few : many
    // At the same time: each has its own Redis, and most of it is waiting.
    const bytes = await Promise.all(
      Array.from({ length: rounds }, () => measure(policy, calls, subjects, settled)),
    )
    bytes.sort((a, b) => a - b)
    return {
      ratio: bytes[rounds >> 1],
      spread: [bytes[0], bytes[rounds - 1]],
      record: { subjects, calls },
    }
  },
}))

async function measure(policy, calls, subjects, settled) {
  const toolsFolder = path.resolve(import.meta.dirname, '../../.lockstep')
  const redis = await startManagedRedis({ toolsFolder })
  const connection = openConnection({ url: redis.url, purpose: 'bench', timeoutMs: 5_000 })
  while (!connection.isReady()) await sleep(10)
  const client = new Redis(redis.url.replace('unix://', ''))
  try {
    const ask = askerOf(connection, policy)
    // Loads the script, whose memory does not count.
    await ask('somebody')
    const before = await usedMemory(client, settled)
    for (let call = 0; call < calls; call++) await askAll(ask, subjects)
    return ((await usedMemory(client, settled)) - before) / subjects
  } finally {
    connection.close()
    client.disconnect()
    await redis.stop()
  }
}

/** Subjects of 16 bytes. */
async function askAll(ask, subjects) {
  for (let from = 0; from < subjects; from += 500) {
    const names = Array.from({ length: Math.min(500, subjects - from) }, (_, i) => from + i)
    await Promise.all(names.map((name) => ask(String(name).padStart(16, 's'))))
  }
}

function askerOf(connection, policy) {
  const observer = { batch() {}, failure() {} }
  const binder = createBinder({ connection, observer, clockOffsetUs: () => 0 })
  const limitOf = (key) => ({ name: 'api', key, inline: false, policy, cost: 1 })
  if (policy.algorithm === 'concurrency') {
    const store = createLimitLeaseStore(binder)
    return (key) => store.acquire(NAMESPACE, limitOf(key), 1, undefined)
  }
  const store = createCheckStore({
    binder,
    clock: new RedisClock(),
    slotOf: (key) => connection.slotOf(key),
    circuits: new Circuits({ servers: serversOf(connection), timeoutMs: 5_000, onChange() {} }),
    fallback: () => undefined,
  })
  const options = { mode: 'all', take: 'exact', peek: false }
  return (key) => store.check(NAMESPACE, [limitOf(key)], options)
}

/** The memory after `settled` equal reads: Redis frees outgrown tables slowly. */
async function usedMemory(client, settled) {
  for (let last, same = 0; ; ) {
    const info = await client.info('memory')
    const figure = (name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)[1])
    const used = figure('used_memory') - figure('mem_clients_normal')
    same = used === last ? same + 1 : 0
    if (same === settled) return used
    last = used
    await sleep(100)
  }
}
