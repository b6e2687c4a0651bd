// One process of the load: sends as many checks to one limit as it can, while the limit, an
// override or the clock changes, or callers refund. Prints what was consumed when, and the retry
// times.
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const { folder, redisUrl, namespace, seconds, loops, plan } = JSON.parse(process.argv[2])
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
const { createExceptionStore } = await load('ratelimits/exceptions/store.js')
const { createAdjustmentStore } = await load('ratelimits/adjustments/store.js')
const { createReservationStore } = await load('ratelimits/reservations/store.js')

let offsetUs = 0
const connection = openConnection({
  url: redisUrl,
  purpose: 'envelope',
  timeoutMs: 5_000,
  onError() {},
})
while (!connection.isReady()) await sleep(10)
const observer = { batch() {}, failure() {} }
const binder = createBinder({ connection, observer, clockOffsetUs: () => offsetUs })
const clock = new RedisClock()
const circuits = new Circuits({ servers: serversOf(connection), timeoutMs: 5_000, onChange() {} })
const fallback = () => undefined
const slotOf = (key) => connection.slotOf(key)
const checks = createCheckStore({ binder, clock, slotOf, circuits, fallback })
const exceptions = createExceptionStore(binder)
const adjustments = createAdjustmentStore(binder, clock)
const reservations = createReservationStore(binder, clock, circuits)

const random = (most) => Math.floor(Math.random() * most)
const end = performance.now() + seconds * 1_000
const subject = { name: plan.name.replaceAll(/[^a-z]+/g, '-'), key: 'all', inline: false }
const windowMs = plan.policy.windowMs
const consumed = []
const longest = new Map()
let phase = 0
const limitNow = () => plan.limits[phase % plan.limits.length]
const policyNow = () =>
  plan.change === 'limit' ? { ...plan.policy, limit: limitNow() } : plan.policy

// A change waits until no call is in flight, so that each call belongs to one phase.
let asking = 0
let gate = Promise.resolve()
async function alone(change) {
  let open
  gate = new Promise((resolve) => {
    open = resolve
  })
  while (asking > 0) await sleep(1)
  await change()
  phase++
  open()
}

async function asked(call) {
  await gate
  asking++
  try {
    return await call()
  } finally {
    asking--
  }
}

/** Records the script's time on a clock that never steps. */
function noted(takenAtUs, cost) {
  const one = [takenAtUs - offsetUs, cost, phase]
  consumed.push(one)
  return one
}

function denied({ retryUs }) {
  const limit = limitNow()
  longest.set(limit, Math.max(longest.get(limit) ?? 0, retryUs))
  return retryUs
}

/** Waits for exactly this time, a little less, or not at all. */
async function pause(ms) {
  const kind = random(4)
  if (kind > 0) await sleep(Math.min(kind === 1 ? ms : random(ms + 1), 100))
}

/** @returns the answered retry time in us */
const take = (cost) =>
  asked(async () => {
    const request = { ...subject, policy: policyNow(), cost }
    const options = { mode: 'all', take: 'exact', peek: false }
    const outcome = await checks.check(namespace, [request], options)
    if (outcome.kind !== 'decided') throw new Error(outcome.kind)
    const [result] = outcome.results
    if (!result.allowed) return denied(result)
    noted(result.takenAtUs, cost)
    return 0
  })

async function check() {
  const retryUs = await take(random(3) === 0 ? 1 + random(5) : 1)
  await pause(retryUs === 0 ? 2 : Math.ceil(retryUs / 1_000))
}

/** Consumes all that the limit has left. */
async function fill() {
  for (const cost of [50, 20, 5, 1]) {
    while ((await take(cost)) === 0);
  }
}

/** Reserves much, waits, uses up the rest of the limit, then refunds most of the reservation. */
async function giveBack() {
  const cost = 1 + random(plan.policy.limit)
  const limit = { ...subject, policy: plan.policy }
  const made = await reservations.reserve(namespace, limit, { cost, ttlMs: 60_000 })
  if (made.kind !== 'reserved') return pause(Math.ceil(made.limit.retryUs / 1_000))
  const one = noted(made.limit.takenAtUs, cost)
  await sleep(random(2 * windowMs))
  await fill()
  const actual = random(cost + 1)
  if (random(2) === 0) {
    const settled = await reservations.settle(namespace, limit, { id: made.id, actual })
    one[1] -= settled.refunded
    return fill()
  }
  const taken = {
    takenAtMs: Math.floor(made.limit.takenAtUs / 1_000),
    ...(random(2) === 0 && { resetAfterMs: Math.ceil(made.limit.resetUs / 1_000) }),
  }
  if (cost === actual) return
  const given = await adjustments.refund(namespace, limit, { cost: cost - actual, ...taken })
  one[1] -= given.refunded
  await fill()
}

const CHANGES = {
  limit: async () => undefined,
  clock: async () => {
    offsetUs -= random(5 * windowMs) * 1_000
  },
  override: async () => {
    const next = plan.limits[(phase + 1) % plan.limits.length]
    const of = { ...subject, policy: plan.policy }
    if (next === plan.policy.limit) await exceptions.endOverride(namespace, of)
    else await exceptions.override(namespace, of, { limit: next, burst: next })
  },
}

async function disturb() {
  while (performance.now() < end) {
    await sleep(windowMs / 2 + random(windowMs))
    await alone(CHANGES[plan.change])
  }
}

async function loop(once) {
  while (performance.now() < end) await once()
}

// A single caller finds room for large costs, and takes its refund again at once.
if (plan.change === 'refund') await loop(giveBack)
else await Promise.all([...Array.from({ length: loops }, () => loop(check)), disturb()])
connection.close()
const waits = [...longest].map(([limit, retryUs]) => ({ limit, retryUs }))
// A client of a Cluster that was closed while it looked for its slots keeps a timer for ever.
process.stdout.write(JSON.stringify({ consumed, waits }), () => process.exit())
