// The cost of queues: a hand-off from the waiter's side, and a long queue in Redis.
import { randomBytes } from 'node:crypto'
import { Agent, request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { acquireScript, claimScript, releaseScript } from '../../dist/locks/leases/scripts.js'
import { COMMON, compare, median, newToken, openScripts, quantile } from '../scripts.mjs'

const CHAINS = 8
const HAND_OFFS = { full: 150, quick: 150, smoke: 5 }
const WAITERS = { full: 10_000, quick: 10_000, smoke: 100 }
const CYCLES = { full: 2_000, quick: 1_000, smoke: 20 }

export const rows = [
  { name: 'hand-off p99 over echo p99', target: 3, atMost: true, measure: measureHandOffs },
  {
    name: 'acquire and release with 10,000 waiters over none',
    target: 1.5,
    atMost: true,
    measure: measureLongQueue,
  },
]

/**
 * From sending the release to the next waiter's answer: eight locks with two clients each. The echo
 * gets as many requests a second from eight clients, and gives as many samples in the same time, so
 * that a pause of the machine affects both sides equally.
 */
async function measureHandOffs({ servers, rounds, size }) {
  const seen = []
  for (let i = 0; i <= rounds; i++) {
    const { took: handOff, periodMs } = await handOffs(servers.service.url, HAND_OFFS[size])
    const echo = await echoes(servers.echo.url, HAND_OFFS[size], periodMs)
    // The first round warms up.
    if (i > 0) seen.push({ handOff, echo })
  }
  return compare(
    seen.map(({ handOff, echo }) => [quantile(handOff, 0.99), quantile(echo, 0.99)]),
    {
      'p50 ms': quantile(
        seen.flatMap(({ handOff }) => handOff),
        0.5,
      ),
      'echo p50 ms': quantile(
        seen.flatMap(({ echo }) => echo),
        0.5,
      ),
    },
  )
}

async function handOffs(url, count) {
  const agent = new Agent({ keepAlive: true })
  const run = randomBytes(6).toString('hex')
  const began = performance.now()
  const all = await Promise.all(
    Array.from({ length: CHAINS }, (_, i) => chain(agent, url, `/v1/locks/${run}-${i}`, count)),
  )
  agent.destroy()
  return { took: all.flat(), periodMs: (performance.now() - began) / count }
}

/** Two clients of one lock: while one holds it, the other waits. */
async function chain(agent, url, lock, count) {
  const body = { ttlMs: 30_000, waitMs: 30_000 }
  const took = []
  let { token } = await post(agent, url, `${lock}/acquire`, body)
  for (let i = 0; i < count; i++) {
    const next = post(agent, url, `${lock}/acquire`, body)
    await sleep(2)
    const began = performance.now()
    const released = post(agent, url, `${lock}/release`, { token })
    token = (await next).token
    took.push(performance.now() - began)
    await released
  }
  await post(agent, url, `${lock}/release`, { token })
  return took
}

/** Milliseconds of requests without Redis, from eight clients at this pace. */
async function echoes(url, count, periodMs) {
  const agent = new Agent({ keepAlive: true })
  const ask = (name) => post(agent, url, `/v1/locks/${name}/acquire`, { ttlMs: 30_000 })
  const all = await Promise.all(
    Array.from({ length: CHAINS }, async (_, i) => {
      const took = []
      let next = performance.now()
      for (let n = 0; n < count; n++) {
        await ask(`${i}-${n}`)
        const began = performance.now()
        await ask(`${i}-${n}`)
        took.push(performance.now() - began)
        next += periodMs
        await sleep(Math.max(0, next - performance.now()))
      }
      return took
    }),
  )
  agent.destroy()
  return all.flat()
}

export function post(agent, url, path, body) {
  const text = JSON.stringify(body)
  const headers = { 'content-type': 'application/json', 'content-length': text.length }
  return new Promise((resolve, reject) => {
    const request = httpRequest(url + path, { method: 'POST', agent, headers }, (response) => {
      let answer = ''
      response.on('data', (chunk) => {
        answer += chunk
      })
      response.on('end', () =>
        response.statusCode < 300 ? resolve(JSON.parse(answer)) : reject(new Error(answer)),
      )
    })
    request.on('error', reject)
    request.end(text)
  })
}

/**
 * Redis' own time for one waiter: joining the queue, the release before it, and its claim; with
 * 10,000 other waiters, and with none.
 */
async function measureLongQueue({ servers, rounds, size }) {
  const { run, costOf, close } = await openScripts(servers, {
    acquire: acquireScript,
    release: releaseScript,
    claim: claimScript,
  })
  const [long, short] = [await openQueue(run, WAITERS[size]), await openQueue(run, 0)]
  const costs = []
  for (let i = 0; i < rounds; i++) {
    costs.push([await costOf(long, CYCLES[size]), await costOf(short, CYCLES[size])])
  }
  await close()
  return compare(costs, {
    'Redis us/cycle': median(costs.map(([cost]) => cost)),
    'Redis us/cycle with none': median(costs.map(([, cost]) => cost)),
  })
}

/** A held lock with this many waiters; `cycle` adds one and hands over to the next. */
async function openQueue(run, length) {
  const keys = { lock: [`ls:{bench-${newToken()}:l0}:lock:x`] }
  const options = JSON.stringify({ instance: 'bench', ttl_ms: 3_600_000 })
  const join = async () => {
    const token = newToken()
    const call = { ...COMMON, token, ttl_ms: 3_600_000, wait_ms: 240_000, options }
    const { kind } = await run.acquire(keys, call)
    if (kind !== 'queued' && tokens.length > 0) throw new Error(`${kind} instead of queued`)
    tokens.push(token)
  }
  const tokens = []
  for (let i = 0; i <= length; i++) await join()
  return async () => {
    await join()
    await run.release(keys, { ...COMMON, token: tokens.shift(), instance: '' })
    const { kind } = await run.claim(keys, { ...COMMON, token: tokens[0], attach: 0 })
    if (kind !== 'granted') throw new Error('the head of the queue was not granted')
  }
}
