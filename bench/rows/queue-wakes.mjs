// Receivers that wait for messages: how long a message takes to reach one of many, and what they cost
// Redis in connections.
import { randomBytes } from 'node:crypto'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { compare, openScripts, quantile } from '../scripts.mjs'
import { echoes, post } from './lock-queues.mjs'

const PARKED = { full: 2_000, quick: 2_000, smoke: 20 }
const MESSAGES = { full: 150, quick: 150, smoke: 5 }
const SENDERS = 8

export const rows = [
  {
    name: 'wake of one of 2,000 parked receivers, p99 over echo p99',
    target: 3,
    atMost: true,
    measure: measureWakes,
  },
]

/** From sending a message to the answer of the receiver that gets it. */
async function measureWakes({ servers, rounds, size }) {
  const { client, close } = await openScripts(servers, {})
  const connections = async () =>
    Number(/connected_clients:(\d+)/.exec(await client.info('clients'))[1])
  const before = await connections()
  const parked = await park(servers.service.url, PARKED[size])
  const seen = []
  for (let i = 0; i <= rounds; i++) {
    const began = performance.now()
    const wakes = await parked.sendAndTake(MESSAGES[size])
    const periodMs = (performance.now() - began) / MESSAGES[size]
    const echo = await echoes(servers.echo.url, MESSAGES[size], periodMs)
    // The first round warms up.
    if (i > 0) seen.push([quantile(wakes, 0.99), quantile(echo, 0.99), quantile(wakes, 0.5)])
  }
  const more = (await connections()) - before
  parked.end()
  await close()
  return compare(seen, {
    'p99 ms': quantile(
      seen.map(([wake]) => wake),
      0.5,
    ),
    'p50 ms': quantile(
      seen.map(([, , middle]) => middle),
      0.5,
    ),
    'connections to Redis more': more,
  })
}

/** Receivers of one queue, each of which asks again after every answer. */
async function park(url, count) {
  const agent = new Agent({ keepAlive: true })
  const senders = new Agent({ keepAlive: true })
  const queue = `/v1/queues/parked-${randomBytes(6).toString('hex')}`
  const arrived = new Map()
  let isOver = false
  const receive = async () => {
    while (!isOver) {
      const { items } = await post(agent, url, `${queue}/receive`, { waitMs: 20_000 })
      for (const { body, receipt } of items) {
        arrived.get(body)()
        void post(senders, url, `${queue}/settle`, { ack: [receipt] })
      }
    }
  }
  for (let i = 0; i < count; i++) receive().catch((error) => isOver || Promise.reject(error))
  while ((await waitersOf(url)) < count) await sleep(50)

  const sendAndTake = async (messages) => {
    const took = []
    const one = async (sender) => {
      for (let i = 0; i < messages; i++) {
        await sleep(2)
        const body = `${sender}-${i}`
        const began = performance.now()
        const taken = new Promise((resolve) => arrived.set(body, resolve))
        await post(senders, url, `${queue}/messages`, { messages: [{ body }] })
        await taken
        took.push(performance.now() - began)
      }
    }
    await Promise.all(Array.from({ length: SENDERS }, (_, sender) => one(sender)))
    return took
  }
  const end = () => {
    isOver = true
    agent.destroy()
    senders.destroy()
  }
  return { sendAndTake, end }
}

async function waitersOf(url) {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^lockstep_queues_waiters (\d+)/m.exec(text)?.[1] ?? 0)
}
