// The cost of many holders: of one lock in Redis, and of many locks whose leases end together.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { VERIFIED_TOKENS, verifyScript } from '../../dist/locks/admin/scripts.js'
import { acquireScript, releaseScript } from '../../dist/locks/leases/scripts.js'
import { COMMON, compare, median, newToken, openScripts } from '../scripts.mjs'

const FEW = 10
/** A lock has at most 10,000 holders, and the row adds one. */
const HOLDERS = { full: 9_990, quick: 9_990, smoke: 100 }
const CYCLES = { full: 2_000, quick: 1_000, smoke: 20 }
const LEASES = { full: 20_000, quick: 2_000, smoke: 200 }
const WAITERS = { full: 200, quick: 200, smoke: 10 }
const TAKEN_AT_ONCE = 500
const ENDS_IN_MS = { full: 8_000, quick: 2_000, smoke: 2_000 }

/** @param size 'full', 'quick' or 'smoke' */
export function rows(size) {
  return [
    {
      name: 'verify with 10,000 shared holders over 10',
      target: 1.5,
      atMost: true,
      measure: (plan) =>
        measureHolders(plan, (lock) => async () => {
          const fence = lock.fences[lock.next++ % lock.fences.length]
          const { current } = await lock.run.verify(lock.key, { fence, max: VERIFIED_TOKENS })
          if (!current) throw new Error('a lease that is held was not current')
        }),
    },
    {
      name: 'shared acquire and release with 10,000 shared holders over 10',
      target: 1.5,
      atMost: true,
      measure: (plan) =>
        measureHolders(plan, (lock) => async () => {
          const { token } = await lock.join()
          await lock.run.release(lock.keys, { ...COMMON, token, instance: '' })
        }),
    },
    {
      name: `seconds until the last waiter is served behind ${LEASES[size].toLocaleString('en')} leases that end together`,
      measure: measureEndTogether,
    },
  ]
}

async function measureHolders({ servers, rounds, size }, cycleOf) {
  const { run, costOf, close } = await openScripts(servers, {
    acquire: acquireScript,
    release: releaseScript,
    verify: verifyScript,
  })
  const many = cycleOf(await share(run, HOLDERS[size]))
  const few = cycleOf(await share(run, FEW))
  const costs = []
  for (let i = 0; i < rounds; i++) {
    costs.push([await costOf(many, CYCLES[size]), await costOf(few, CYCLES[size])])
  }
  await close()
  return compare(costs, {
    'Redis us/cycle': median(costs.map(([cost]) => cost)),
    'Redis us/cycle with few': median(costs.map(([, cost]) => cost)),
  })
}

/** A lock with this many readers. */
async function share(run, holders) {
  const key = `ls:{bench-${newToken()}:l0}:lock:x`
  const keys = { lock: [key] }
  const options = JSON.stringify({ mode: 'shared' })
  const join = async () => {
    const token = newToken()
    const call = { ...COMMON, token, ttl_ms: 3_600_000, wait_ms: 0, options }
    const { kind, fences } = await run.acquire(keys, call)
    if (kind !== 'granted') throw new Error(`${kind} instead of granted`)
    return { token, fence: fences[0] }
  }
  const fences = []
  for (let i = 0; i < holders; i++) fences.push((await join()).fence)
  return { run, key: { lock: key }, keys, join, fences, next: 0 }
}

/** As after the loss of a host: the time from the end of the leases to the last answer. */
async function measureEndTogether({ servers, rounds, size }) {
  const scripts = await openScripts(servers, { acquire: acquireScript })
  const seconds = []
  let inMs = ENDS_IN_MS[size]
  try {
    while (seconds.length < rounds) {
      const took = await endTogether(scripts, servers.service.url, size, inMs)
      // The machine was too slow to set it up in that time.
      if (took === undefined) inMs *= 2
      else seconds.push(took)
    }
  } finally {
    await scripts.close()
  }
  return {
    ratio: median(seconds),
    spread: [Math.min(...seconds), Math.max(...seconds)],
    record: { leases: LEASES[size], waiters: WAITERS[size] },
  }
}

/** @returns undefined if the leases ended before all requests were queued */
async function endTogether({ run, client }, url, size, inMs) {
  const namespace = `bench-${randomBytes(6).toString('hex')}`
  const endsAt = Date.now() + inMs
  await takeAll(run, namespace, LEASES[size], endsAt)
  const every = LEASES[size] / WAITERS[size]
  const names = Array.from({ length: WAITERS[size] }, (_, nth) => nth * every)
  const waiting = names.map((name) => waitFor(url, namespace, name))
  const isQueued = (name) => client.exists(`ls:{${namespace}:l0}:waiters:${name}`)
  let inTime = true
  for (const name of names) {
    while (inTime && (await isQueued(name)) === 0) {
      await sleep(20)
      inTime = Date.now() < endsAt
    }
  }
  const served = await Promise.all(waiting)
  return inTime ? (Math.max(...served) - endsAt) / 1_000 : undefined
}

async function takeAll(run, namespace, count, endsAt) {
  const take = async (name) => {
    const ttl_ms = Math.max(1, endsAt - Date.now())
    const call = { ...COMMON, token: newToken(), ttl_ms, wait_ms: 0 }
    const keys = { lock: [`ls:{${namespace}:l0}:lock:${name}`] }
    const { kind } = await run.acquire(keys, { ...call, options: '' })
    if (kind !== 'granted') throw new Error(`${kind} instead of granted`)
  }
  for (let from = 0; from < count; from += TAKEN_AT_ONCE) {
    const names = Array.from({ length: Math.min(TAKEN_AT_ONCE, count - from) }, (_, i) => from + i)
    await Promise.all(names.map(take))
  }
}

/** @returns when the request was answered */
async function waitFor(url, namespace, name) {
  const response = await fetch(`${url}/v1/locks/${name}/acquire`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'lockstep-namespace': namespace },
    body: JSON.stringify({ waitMs: 120_000, ttlMs: 1_000 }),
  })
  if (response.status !== 200) throw new Error(await response.text())
  await response.arrayBuffer()
  return Date.now()
}
