// One producer or consumer process of the ledger of queues: prints what it knows for certain, one JSON
// line per send, delivery and settlement, each before the next request. Times are microseconds of
// CLOCK_MONOTONIC, which all processes of a machine share.
import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** @type {{ role: 'producer' | 'consumer', name: string, services: string[], queue: string,
 *   groups: number, loops: number, visibilityMs: number, waitMs: number, lateShare: number }} */
const plan = JSON.parse(process.argv[2])
const now = () => Number(process.hrtime.bigint() / 1000n)
const report = (record) => writeSync(1, `${JSON.stringify(record)}\n`)
const pick = (list) => list[Math.floor(Math.random() * list.length)]

let over = false
process.on('SIGTERM', () => {
  over = true
})

/** Undefined where the answer was lost, or Redis is away. */
async function call(path, body, key) {
  const response = await fetch(`${pick(plan.services)}/v1/queues/${plan.queue}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
    body: JSON.stringify(body),
  }).catch(() => undefined)
  const answer = await response?.json().catch(() => undefined)
  if (answer === undefined || response.status === 503) return undefined
  if (!response.ok) throw new Error(JSON.stringify(answer))
  return answer
}

/** Repeats a keyed request through any instance until its outcome is known. */
async function insist(path, body) {
  const key = randomUUID()
  for (;;) {
    const answer = await call(path, body, key)
    if (answer) return answer
    await sleep(20)
  }
}

/** One group has one producer, so the numbers of its messages are in the order sent. */
async function produce(loop) {
  const group = loop < plan.groups ? `${plan.name}-${loop}` : undefined
  for (let number = 0; !over; ) {
    const count = 1 + Math.floor(Math.random() * 3)
    const messages = Array.from({ length: count }, () => ({
      body: { group: group ?? `${plan.name}:${loop}`, number: number++ },
      ...(group && { group }),
      priority: Math.random() < 0.2 ? 5 : 0,
    }))
    const sent = await insist('messages', { messages })
    for (const [at, { id }] of sent.messages.entries()) {
      report({ kind: 'sent', id, ...messages[at].body, isOrdered: group !== undefined })
    }
    await sleep(300)
  }
}

async function consume() {
  const askedAt = now()
  const received = await call('receive', {
    limit: 3,
    visibilityMs: plan.visibilityMs,
    waitMs: plan.waitMs,
  })
  const at = now()
  const items = received?.items ?? []
  for (const { id, receipt, deliveries, body } of items) {
    report({ kind: 'delivered', id, receipt, deliveries, ...body, askedAt, at })
  }
  if (items.length === 0) return sleep(20)
  await sleep(Math.random() < plan.lateShare ? plan.visibilityMs * 1.2 : Math.random() * 20)
  const lists = { ack: [], nack: [], release: [] }
  for (const { receipt } of items) {
    const chance = Math.random()
    if (chance < 0.85) lists.ack.push(receipt)
    else if (chance < 0.95) lists.nack.push({ receipt })
    else lists.release.push(receipt)
  }
  const settledAt = now()
  const settled = await call('settle', lists)
  for (const result of settled?.results ?? []) {
    report({ kind: 'settled', ...result, askedAt: settledAt })
  }
}

await Promise.all(
  Array.from({ length: plan.loops }, async (_, loop) => {
    if (plan.role === 'producer') return produce(loop)
    while (!over) await consume()
  }),
)
