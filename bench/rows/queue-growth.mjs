// The cost of a long queue of messages in Redis: its time for one call, and its memory.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { receiveScript, settleScript } from '../../dist/queues/deliveries/scripts.js'
import { toEnvelope } from '../../dist/queues/messages/envelope.js'
import { sendScript } from '../../dist/queues/messages/scripts.js'
import { toScriptSettings } from '../../dist/queues/script-settings.js'
import { toSettings } from '../../dist/queues/settings.js'
import { compare, median, newToken, openScripts } from '../scripts.mjs'

const MANY = { full: 1_000_000, quick: 100_000, smoke: 1_000 }
const FEW = 1_000
const CYCLES = { full: 2_000, quick: 1_000, smoke: 20 }
const BODY_BYTES = 100
const CALLS = ['send', 'receive', 'ack']
const SETTINGS = toScriptSettings(toSettings({ capacity: 2_000_000, maxBytes: 4 * 1024 ** 3 }))

/** @param size 'full', 'quick' or 'smoke' */
export function rows(size) {
  const many = MANY[size].toLocaleString('en')
  return [
    ...[1, 100].map((batch) => ({
      name: `send, receive and ack ${batch} of ${many} messages over 1,000`,
      target: 2,
      atMost: true,
      measure: (plan) => measureCalls(plan, batch),
    })),
    { name: `bytes of a message of 100 bytes among ${many}`, measure: measureMemory },
  ]
}

const scripts = { send: sendScript, receive: receiveScript, settle: settleScript }

/** The worst ratio of the three calls, each with so many messages. */
async function measureCalls({ servers, rounds, size }, batch) {
  const { run, costOf, close } = await openScripts(servers, scripts)
  const [many, few] = [await openQueue(run, MANY[size] - batch), await openQueue(run, FEW - batch)]
  const cycles = Math.ceil(CYCLES[size] / batch)
  const costs = { send: [], receive: [], ack: [] }
  for (let i = 0; i < rounds; i++) {
    const [long, short] = [
      await callCosts(costOf, many, cycles, batch),
      await callCosts(costOf, few, cycles, batch),
    ]
    for (const call of CALLS) costs[call].push([long[call], short[call]])
  }
  await close()
  const figures = CALLS.map((call) => compare(costs[call]))
  const record = CALLS.flatMap((call) => [
    [`${call} us`, median(costs[call].map(([cost]) => cost))],
    [`${call} us with 1,000`, median(costs[call].map(([, cost]) => cost))],
  ])
  const worst = figures.toSorted((a, b) => b.ratio - a.ratio)[0]
  return { ...worst, record: Object.fromEntries(record) }
}

/** Redis' time in us for each call; every round leaves the queue as long as it was. */
async function callCosts(costOf, queue, cycles, batch) {
  const receipts = []
  const send = await costOf(() => queue.send(batch), cycles)
  const receive = await costOf(async () => receipts.push(await queue.receive(batch)), cycles)
  const ack = await costOf(() => queue.ack(receipts.pop()), cycles)
  return { send, receive, ack }
}

async function measureMemory({ servers, size }) {
  const { run, client, close } = await openScripts(servers, scripts)
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))[1])
  // The rows before are freed in another thread.
  while (!(await client.info('memory')).includes('lazyfree_pending_objects:0')) await sleep(100)
  const before = await used()
  const count = MANY[size]
  await openQueue(run, count)
  const bytes = ((await used()) - before) / count
  await close()
  return { ratio: bytes, record: { messages: count } }
}

async function openQueue(run, length) {
  const keys = { stat: `ls:{bench-${newToken()}:q:x}:stat` }
  const body = toEnvelope({ body: randomBytes(BODY_BYTES), encoding: 'base64', headers: {} })
  const message = { priority: 0, delay_ms: 0, group: '', dedup: '', body }
  const record = { fingerprint: '', record_ttl_ms: 0 }
  const send = async (count) => {
    const messages = Array.from({ length: count }, () => message)
    const reply = await run.send(keys, { settings: SETTINGS, ...record, messages })
    if (reply.kind !== 'sent') throw new Error(`${reply.kind} ${reply.limit}`)
  }
  for (let sent = 0; sent < length; sent += 100) await send(Math.min(100, length - sent))
  return {
    send,
    async receive(limit) {
      const { deliveries } = await run.receive(keys, {
        ...{ settings: SETTINGS, limit, visibility_ms: 3_600_000, most_bytes: 262_144 },
        ...{ nonces: randomBytes(6 * limit).toString('base64url'), instance: '', others: 0 },
        ...record,
      })
      if (deliveries.length !== limit) throw new Error('too few messages were delivered')
      return deliveries.map(({ receipt }) => receipt)
    },
    async ack(receipts) {
      const actions = receipts.map((receipt) => {
        const [id, nonce] = receipt.split('.')
        return `ack ${Number.parseInt(id, 36)} ${nonce} 0 0 `
      })
      await run.settle(keys, { settings: SETTINGS, most_ms: 43_200_000, actions })
    },
  }
}
