// One worker process: takes leases, works under them, and prints what it knows for certain, one
// JSON line per lease. Times are microseconds of CLOCK_MONOTONIC, which all processes of a machine
// share.
import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** @type {{ name: string, services: string[], resource: string, locks: object[], ttlMs: number,
 *   waitMs: number, loops: number, pauseShare: number, repeatShare: number }} */
const plan = JSON.parse(process.argv[2])
const now = () => Number(process.hrtime.bigint() / 1000n)
const report = (record) => writeSync(1, `${JSON.stringify(record)}\n`)
const pick = (list) => list[Math.floor(Math.random() * list.length)]

let over = false
process.on('SIGTERM', () => {
  over = true
})

async function call(url, body, key) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: await response.json() }
  } catch {
    return { status: 0, body: {} }
  }
}

/** Repeats a keyed request through any instance until its outcome is known. */
async function acquire(lock, key, services) {
  for (;;) {
    const service = pick(plan.services)
    services.push(service)
    const answer = await call(
      `${service}/v1/${lock.path}/acquire`,
      { ...lock.body, ttlMs: plan.ttlMs, waitMs: plan.waitMs },
      key,
    )
    if (answer.status !== 0 && answer.status !== 503) return answer
    if (!key || over) return undefined
    await sleep(50)
  }
}

async function once() {
  const lock = pick(plan.locks)
  const key = Math.random() < 0.5 ? randomUUID() : undefined
  const services = []
  const askedAt = now()
  const answer = await acquire(lock, key, services)
  if (answer?.status !== 200) return sleep(answer ? 0 : 50)
  const { token, fence, waitedMs } = answer.body
  const lease = {
    ...{ kind: 'lease', lock: lock.path, weight: lock.weight, capacity: lock.capacity },
    ...{ fence, fences: [fence], waitedMs, key, services, askedAt, grantedAt: now(), renewals: [] },
  }
  await work(lock, lease, token, fence)
  report(lease)
}

async function work(lock, lease, token, fence) {
  const at = (verb) => `${pick(plan.services)}/v1/${lock.path}/${verb}`
  if (lease.key && Math.random() < plan.repeatShare) {
    const { status, body } = await call(
      at('acquire'),
      { ...lock.body, ttlMs: plan.ttlMs, waitMs: plan.waitMs },
      lease.key,
    )
    if (status === 200) lease.fences.push(body.fence)
  }
  lease.heldUntil = lease.grantedAt
  const renew = async () => {
    const sentAt = now()
    const { status } = await call(at('renew'), { token, ttlMs: plan.ttlMs })
    if (status !== 200) return
    // A renewal revives no ended lease, so it was held until now and lasts its TTL from the
    // request.
    lease.renewals.push([sentAt, now()])
    lease.heldUntil = sentAt + plan.ttlMs * 1000
  }
  await renew()
  if (lock.protects) await change(lock.path, fence)
  else await sleep(Math.random() * 5)
  await renew()
  const releasedAt = now()
  const { status, body } = await call(at('release'), { token })
  const whole = status === 200 && body.released
  lease.heldUntil = whole ? releasedAt : Math.min(lease.heldUntil, releasedAt)
}

/** Reads, waits and writes: the update that the lock protects. */
async function change(lock, fence) {
  const { body: seen } = await call(`${plan.resource}/read`, { lock, fence })
  await sleep(Math.random() * 5)
  if (Math.random() < plan.pauseShare) {
    report({ kind: 'paused' })
    process.kill(process.pid, 'SIGSTOP')
    await sleep(1)
  }
  await call(`${plan.resource}/write`, {
    ...{ lock, fence, plain: seen.plain + 1 },
    fenced: seen.fenced === null ? null : seen.fenced + 1,
  })
}

await Promise.all(
  Array.from({ length: plan.loops }, async () => {
    while (!over) await once()
  }),
)
