// Receivers that wait for messages: how long a message takes to reach one of many, and what they cost
// Redis in connections.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { openClient } from '../client.mjs'
import { compare, median, openScripts, quantile } from '../scripts.mjs'

const PARKED = { full: 2_000, quick: 2_000, smoke: 20 }
const MESSAGES = { full: 150, quick: 60, smoke: 5 }
const SENDERS = 8
/** Of a message: it is sent, received and acknowledged. */
const REQUESTS = 3

export const rows = [
  {
    name: 'wake of one of 2,000 parked receivers, p99 over echo p99',
    target: 3,
    atMost: true,
    measure: measureWakes,
  },
]

/**
 * From sending a message to the answer of the receiver that gets it. The echo gets as many requests a
 * second, from as many clients as there are senders.
 */
async function measureWakes({ servers: { service, echo, ...servers }, rounds, size }) {
  const { client, close } = await openScripts(servers, {})
  const connections = async () =>
    Number(/connected_clients:(\d+)/.exec(await client.info('clients'))[1])
  const before = await connections()
  const parked = await park(service.url, PARKED[size])
  const seen = []
  for (let i = 0; i <= rounds; i++) {
    const began = performance.now()
    const wakes = await measured(service, () => parked.sendAndTake(MESSAGES[size]))
    const periodMs = (performance.now() - began) / MESSAGES[size]
    const echoes = await measured(echo, () => echoesOf(echo.url, MESSAGES[size], periodMs))
    // The first round warms up.
    if (i > 0) seen.push({ wakes, echoes })
  }
  const more = (await connections()) - before
  parked.end()
  await close()
  const middle = (side, field) => median(seen.map((round) => round[side][field]))
  return compare(
    seen.map(({ wakes, echoes }) => [wakes.p99, echoes.p99]),
    {
      'p99 ms': middle('wakes', 'p99'),
      'p50 ms': middle('wakes', 'p50'),
      'echo p99 ms': middle('echoes', 'p99'),
      'echo p50 ms': middle('echoes', 'p50'),
      'CPU us of a message': middle('wakes', 'cpuMicros'),
      'CPU us of its echoes': middle('echoes', 'cpuMicros'),
      'connections to Redis more': more,
    },
  )
}

async function measured(server, work) {
  const cpuBefore = server.cpuMicros()
  const took = await work()
  return {
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
    cpuMicros: (server.cpuMicros() - cpuBefore) / took.length,
  }
}

/** Milliseconds of requests without Redis. */
async function echoesOf(url, count, periodMs) {
  const all = await Promise.all(
    Array.from({ length: SENDERS }, async (_, i) => {
      const { post, close } = openClient(url)
      const took = []
      let next = performance.now()
      for (let n = 0; n < count; n++) {
        let began
        for (let request = 0; request < REQUESTS; request++) {
          began = performance.now()
          await post(`/v1/locks/${i}-${n}/acquire`, { ttlMs: 30_000 })
        }
        took.push(performance.now() - began)
        next += periodMs
        await sleep(Math.max(0, next - performance.now()))
      }
      close()
      return took
    }),
  )
  return all.flat()
}

/** Receivers of one queue, each of which acknowledges what it got, and asks again. */
async function park(url, count) {
  const queue = `/v1/queues/parked-${randomBytes(6).toString('hex')}`
  const clients = []
  const open = () => {
    const client = openClient(url)
    clients.push(client)
    return client
  }
  const arrived = new Map()
  let isOver = false
  const receive = async () => {
    const { post } = open()
    while (!isOver) {
      const { items } = await post(`${queue}/receive`, { waitMs: 20_000 })
      for (const { body, receipt } of items) {
        arrived.get(body)()
        await post(`${queue}/settle`, { ack: [receipt] })
      }
    }
  }
  for (let i = 0; i < count; i++) receive().catch((error) => isOver || Promise.reject(error))
  while ((await waitersOf(url)) < count) await sleep(50)

  const senders = Array.from({ length: SENDERS }, open)
  const sendAndTake = async (messages) => {
    const took = []
    const one = async ({ post }, sender) => {
      for (let i = 0; i < messages; i++) {
        await sleep(2)
        const body = `${sender}-${i}`
        const began = performance.now()
        const taken = new Promise((resolve) => arrived.set(body, resolve))
        await post(`${queue}/messages`, { messages: [{ body }] })
        await taken
        took.push(performance.now() - began)
      }
    }
    await Promise.all(senders.map(one))
    return took
  }
  const end = () => {
    isOver = true
    for (const { close } of clients) close()
  }
  return { sendAndTake, end }
}

async function waitersOf(url) {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^lockstep_queues_waiters (\d+)/m.exec(text)?.[1] ?? 0)
}
