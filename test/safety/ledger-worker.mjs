// One producer or consumer process of a ledger, of a queue or of the groups of a stream. Prints what it
// knows for certain, one JSON line per send, delivery and settlement, each before the next request. Times
// are microseconds of CLOCK_MONOTONIC, which all processes of a machine share.
import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * @type {{ kind: 'queue' | 'stream', role: 'producer' | 'consumer', name: string,
 *   services: string[], path: string, receiveAt: string[], ordered: number, loops: number,
 *   visibilityMs: number, waitMs: number, lateShare: number }}
 *   `ordered`: so many loops of a producer send to a group each; consumers receive at one of several
 *   places below `path`
 */
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
  const response = await fetch(`${pick(plan.services)}${plan.path}/${path}`, {
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

const KINDS = {
  queue: {
    list: 'messages',
    toSent: (body, isOrdered) => ({
      body,
      ...(isOrdered && { group: body.group }),
      priority: Math.random() < 0.2 ? 5 : 0,
    }),
    ofReceived: ({ body }) => body,
  },
  stream: {
    list: 'entries',
    toSent: (data) => ({ event: 'done', data }),
    ofReceived: ({ data }) => data,
  },
}
const { list, toSent, ofReceived } = KINDS[plan.kind]
const upTo = (most) => 1 + Math.floor(Math.random() * most)

/** One group has one producer, so the numbers of what it gets are in the order sent. */
async function produce(loop) {
  const isOrdered = loop < plan.ordered
  const group = `${plan.name}-${loop}`
  for (let number = 0; !over; ) {
    const contents = Array.from({ length: upTo(3) }, () => ({ group, number: number++ }))
    const sent = await insist(list, { [list]: contents.map((one) => toSent(one, isOrdered)) })
    for (const [i, { id }] of sent[list].entries()) {
      report({ kind: 'sent', id, ...contents[i], isOrdered })
    }
    await sleep(300)
  }
}

async function consume(at) {
  const askedAt = now()
  const received = await call(`${at}receive`, {
    limit: upTo(3),
    visibilityMs: plan.visibilityMs,
    waitMs: plan.waitMs,
  })
  const answeredAt = now()
  const items = received?.items ?? []
  for (const item of items) {
    const { id, receipt, deliveries } = item
    const times = { askedAt, answeredAt }
    report({ kind: 'delivered', at, id, receipt, deliveries, ...ofReceived(item), ...times })
  }
  if (items.length === 0) return sleep(20)
  await sleep(Math.random() < plan.lateShare ? plan.visibilityMs * 1.2 : Math.random() * 20)
  const lists = { ack: [], nack: [], release: [] }
  const settledAt = now()
  for (const { receipt } of items) {
    const chance = Math.random()
    const action = chance < 0.85 ? 'ack' : chance < 0.95 ? 'nack' : 'release'
    lists[action].push(action === 'nack' ? { receipt } : receipt)
    report({ kind: 'settling', receipt, action, askedAt: settledAt })
  }
  const settled = await call(`${at}settle`, lists)
  for (const result of settled?.results ?? []) {
    report({ kind: 'settled', ...result, askedAt: settledAt })
  }
}

await Promise.all(
  Array.from({ length: plan.loops }, async (_, loop) => {
    if (plan.role === 'producer') return produce(loop)
    while (!over) await consume(plan.receiveAt[loop % plan.receiveAt.length])
  }),
)
