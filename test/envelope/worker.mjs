// One process of the load: sends as many checks to the limits of its plan as it can, and prints
// what was admitted when, by the script's own time.
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const { folder, redisUrl, namespace, seconds, loops, limits } = JSON.parse(process.argv[2])
const load = (file) => import(path.join(folder, file))
const [{ openConnection }, { createBinder }, { RedisClock }, { serversOf }, { Circuits }] =
  await Promise.all([
    load('redis/connection.js'),
    load('redis/binder.js'),
    load('redis/clock.js'),
    load('redis/servers.js'),
    load('ratelimits/outage/circuit.js'),
  ])
const { createCheckStore } = await load('ratelimits/checks/store.js')
const { createLimitLeaseStore } = await load('ratelimits/leases/store.js')

const connection = openConnection({ url: redisUrl, purpose: 'envelope', timeoutMs: 60_000 })
while (!connection.isReady()) await sleep(10)
const observer = { batch() {}, failure() {} }
const binder = createBinder({ connection, observer, clockOffsetUs: () => 0 })
const checks = createCheckStore({
  binder,
  clock: new RedisClock(),
  slotOf: (key) => connection.slotOf(key),
  circuits: new Circuits({ servers: serversOf(connection), timeoutMs: 60_000, onChange() {} }),
  fallback: () => undefined,
})
const leases = createLimitLeaseStore(binder)
const end = performance.now() + seconds * 1_000
const random = (most) => Math.floor(Math.random() * most)
const monotonicUs = () => Number(process.hrtime.bigint() / 1_000n)

/** Waits for exactly this time, a little less, or not at all. */
async function pause(ms) {
  const kind = random(4)
  if (kind > 0) await sleep(Math.min(kind === 1 ? ms : random(ms + 1), 200))
}

async function ask(limit, admitted) {
  const cost = random(3) === 0 ? 1 + random(5) : 1
  const request = { ...limit, key: 'all', inline: false, cost }
  const options = { mode: 'all', take: 'exact', peek: false }
  const outcome = await checks.check(namespace, [request], options)
  if (outcome.kind !== 'decided') throw new Error(outcome.kind)
  const { allowed, takenAtUs, retryUs, delayUs } = outcome.results[0]
  if (allowed) admitted.push([takenAtUs + delayUs, cost])
  await pause(allowed ? 3 : Math.ceil(retryUs / 1_000))
}

/** Records when a lease was certainly alive, on the clock that all processes share. */
async function hold(limit, admitted) {
  const weight = 1 + random(3)
  const since = monotonicUs()
  const subject = { ...limit, key: 'all', inline: false }
  const reply = await leases.acquire(namespace, subject, weight, undefined)
  const granted = monotonicUs()
  if (reply.kind !== 'granted') return pause(Math.ceil(reply.retryUs / 1_000))
  await sleep(random(limit.policy.leaseMs * 1.5))
  const until = Math.min(monotonicUs(), since + limit.policy.leaseMs * 1_000)
  if (until > granted) admitted.push([granted, weight, until])
  if (random(3) > 0) await leases.release(namespace, subject, reply.lease)
}

const records = await Promise.all(
  limits.map(async (limit) => {
    const admitted = []
    const one = limit.policy.algorithm === 'concurrency' ? hold : ask
    const loop = async () => {
      while (performance.now() < end) await one(limit, admitted)
    }
    await Promise.all(Array.from({ length: loops }, loop))
    return [limit.name, admitted]
  }),
)
connection.close()
// A client of a Cluster that was closed while it looked for its slots keeps a timer for ever.
process.stdout.write(JSON.stringify(Object.fromEntries(records)), () => process.exit())
