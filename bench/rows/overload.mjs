// Twice as many requests as an instance can answer: how many it answers still, and whether what keeps
// a lease is answered in its time.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { prepare } from '../compare.mjs'
import { more, readHead } from '../load.mjs'
import { compare, median, newToken, quantile } from '../scripts.mjs'

/** Each has a connection. */
const CALLERS = { full: 500, quick: 500, smoke: 20 }
/** As many as keep the service busy without a delay of its own. */
const CONNECTIONS = 16
const SECONDS = { full: 6, quick: 2, smoke: 0.2 }
/** The default; where it only has to run, nothing is refused, however busy the machine is. */
const DELAY_MS = { full: '250', quick: '250', smoke: '600000' }
/** Before it counts, as a share of that time. */
const RAMP = 0.5
const HOLDERS = 50
/** A lease is renewed at a third of it. */
const TTL_MS = 3_000
/** Costly, so that the service is at its end long before the callers are. */
const KEYS = Array.from({ length: 30 }, (_, i) => `overload-${i}`)
const PATH = '/v1/cache/overload/get-many'
const ENTRIES = KEYS.map((key) => ({ key, value: 'x'.repeat(100) }))

/** @param size 'full', 'quick' or 'smoke' */
export const rows = (size) => [
  {
    name: 'answers at twice the capacity, over the most: callers that heed Retry-After',
    target: 0.8,
    measure: (plan) => measureOverload(plan, true),
  },
  ...(size === 'quick'
    ? []
    : [
        {
          name: 'answers at twice the capacity, over the most: callers that do not',
          measure: (plan) => measureOverload(plan, false),
        },
      ]),
]

async function measureOverload({ servers, rounds, size }, heeds) {
  const service = await servers.startService(undefined, {
    LOCKSTEP_OVERLOAD_DELAY_MS: DELAY_MS[size],
  })
  const { url, stop } = service
  try {
    // By a service that does not refuse it: both have one Redis.
    await prepare(servers.service, [
      { method: 'POST', path: '/v1/cache/overload/set-many', body: { entries: ENTRIES } },
    ])
    const seen = []
    for (let i = 0; i <= rounds; i++) {
      await untilQuiet(url)
      const most = await overload(service, {
        callers: CONNECTIONS,
        perSecond: Number.POSITIVE_INFINITY,
        seconds: SECONDS[size] / 2,
        heeds: false,
      })
      const over = await overload(service, {
        callers: CALLERS[size],
        perSecond: 2 * most.perSecond,
        seconds: SECONDS[size],
        heeds,
      })
      // The first round warms up.
      if (i > 0 || size === 'smoke') seen.push({ most, over })
    }
    const middle = (of) => median(seen.map(({ over }) => of(over)))
    const renewals = seen.flatMap(({ over }) => over.renewals)
    const inTime = renewals.filter(({ status, ms }) => status === '200' && ms < TTL_MS / 3)
    return compare(
      seen.map(({ most, over }) => [over.perSecond, most.perSecond]),
      {
        'answers/s': middle(({ perSecond }) => perSecond),
        'most/s': median(seen.map(({ most }) => most.perSecond)),
        'asked/s': middle(({ asked }) => asked),
        'refused, share': middle(({ refused }) => refused),
        'p99 ms of answers': middle(({ took }) => quantile(took, 0.99)),
        'renewals in time, share': inTime.length / renewals.length,
        'CPU of the service, share': middle(({ cpu }) => cpu),
        'p99 ms of renewals': quantile(
          renewals.map(({ ms }) => ms),
          0.99,
        ),
      },
    )
  } finally {
    await stop()
  }
}

/** Until it serves, and refuses nothing. */
async function untilQuiet(url) {
  for (;;) {
    const { redis, load } = await (await fetch(`${url}/v1/status`)).json()
    if (redis.up && load.eventLoop.refusedPercent + load.redis.refusedPercent === 0) return
    await sleep(50)
  }
}

/**
 * Each caller asks at its own times, and leaves those out that pass while it waits. What is answered
 * while they connect, and after their end, is not counted.
 */
async function overload({ url, cpuMicros }, { callers, perSecond, seconds, heeds }) {
  const began = performance.now()
  const counts = began + seconds * RAMP * 1_000
  const ends = counts + seconds * 1_000
  const run = newToken()
  const periodMs = (1_000 * callers) / perSecond
  const cpu = sleep(counts - began).then(() => cpuOf(cpuMicros, ends))
  const took = []
  const renewals = []
  let asked = 0
  let refused = 0
  const call = async () => {
    const { post, close } = openCaller(url)
    let next = began + Math.random() * periodMs
    while (next < ends) {
      await sleep(Math.max(0, next - performance.now()))
      const { status, ms, retryAfterMs } = await post(PATH, { keys: KEYS })
      const now = performance.now()
      if (now >= counts && now < ends) {
        asked += 1
        if (status === '200') took.push(ms)
        else refused += 1
      }
      if (heeds && retryAfterMs !== undefined) next = now + retryAfterMs
      else next = Math.max(next + periodMs, now)
    }
    close()
  }
  const hold = async (_, i) => {
    const { post, close } = openCaller(url)
    const lock = `/v1/locks/${run}-held-${i}`
    let token
    while (performance.now() < ends) {
      if (token === undefined) {
        ;({ token } = await post(`${lock}/acquire`, { ttlMs: TTL_MS }))
      } else {
        const renewed = await post(`${lock}/renew`, { ttlMs: TTL_MS, token })
        renewals.push(renewed)
        if (renewed.status !== '200') token = undefined
      }
      await sleep(Math.min(TTL_MS / 3, seconds * 100))
    }
    close()
  }
  await Promise.all([
    ...Array.from({ length: HOLDERS }, hold),
    ...Array.from({ length: callers }, call),
  ])
  return {
    took,
    renewals,
    asked: asked / seconds,
    refused: refused / asked,
    perSecond: took.length / seconds,
    cpu: await cpu,
  }
}

/** @returns the share of a core, from now on */
async function cpuOf(cpuMicros, ends) {
  const [began, before] = [performance.now(), cpuMicros()]
  await sleep(ends - began)
  return (cpuMicros() - before) / (performance.now() - began) / 1e3
}

/** A connection that makes one request at a time, and takes any answer. */
function openCaller(url) {
  const { hostname, port, host } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname, noDelay: true })
  let end
  socket.on('error', (error) => end?.reject(error))
  socket.on('close', () => end?.reject(new Error('the server closed a connection')))
  let answer
  socket.on('data', (chunk) => {
    answer = answer === undefined ? readHead(chunk) : more(answer, chunk, false)
    if (answer.missing > 0) return
    const { status, text } = answer
    answer = undefined
    const ms = performance.now() - end.began
    const retryAfterMs = /"retryAfterMs":(\d+)/.exec(text)?.[1]
    const token = /"token":"([^"]+)"/.exec(text)?.[1]
    end.resolve({ status, ms, token, retryAfterMs: retryAfterMs && Number(retryAfterMs) })
  })
  return {
    post: (path, body) =>
      new Promise((resolve, reject) => {
        end = { resolve, reject, began: performance.now() }
        const text = JSON.stringify(body)
        const head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n`
        socket.write(`${head}content-length: ${text.length}\r\n\r\n${text}`, 'latin1')
      }),
    close: () => socket.destroy(),
  }
}
