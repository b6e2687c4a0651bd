// A log of orders that two groups work through, and a sum that is rebuilt from its first entry.
// usage: node orders.mjs place STREAM ORDER AMOUNT        (Node 20, nothing to install)
//        node orders.mjs bill STREAM FOLDER               the group `billing`
//        node orders.mjs mail STREAM FOLDER               the group `mail`
//        node orders.mjs total STREAM
//
// A group writes each order to FOLDER, into a file with the id of the entry in its name. So work that
// is done twice changes nothing.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const [command, stream, ...rest] = process.argv.slice(2)
const SERVICE = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
const URL = `${SERVICE}/v1/streams/${encodeURIComponent(stream)}`

/** Repeats the request while no answer comes. Each one here can be repeated without harm. */
async function call(method, at, body, more = {}, ...signals) {
  const headers = { ...(body && { 'content-type': 'application/json' }), ...more }
  const request = { method, headers, body: body && JSON.stringify(body) }
  for (let tries = 0; tries < 5; tries++) {
    const signal = AbortSignal.any([AbortSignal.timeout(30_000), ...signals])
    const response = await fetch(`${URL}/${at}`, { ...request, signal }).catch(() => undefined)
    const answer = await response?.json().catch(() => undefined)
    if (response?.ok && answer) return answer
    if (response && answer && ![429, 503].includes(response.status)) throw new Error(answer.detail)
    if (signals.some(({ aborted }) => aborted)) return undefined
    await sleep(Number(response?.headers.get('retry-after') ?? 1) * 1_000)
  }
  throw new Error(`no answer from ${SERVICE}`)
}

/** With the order as its key, a place that is repeated appends nothing again. */
async function place(order, amount) {
  const placed = { event: 'order.placed', data: { order, amount: Number(amount) } }
  const key = { 'idempotency-key': `order-${order}` }
  const { entries } = await call('POST', 'entries', { entries: [placed] }, key)
  console.log(entries[0].id)
}

function bill({ order, amount }) {
  if (!(amount > 0)) throw new Error('there is no amount')
  return `order ${order} costs ${amount}\n`
}

const mail = ({ order }) => `order ${order} is placed\n`

/** Works through the orders as a consumer of a group, until it has to stop. */
async function consume(group, work, folder) {
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => stop.abort())
  const at = `groups/${group}`
  // From the first order on. A group that exists stays where it is.
  await call('PUT', at, { start: 'start' })
  while (!stop.signal.aborted) {
    // Stopping cuts the wait; an entry that was on its way is delivered again.
    const wait = { limit: 10, waitMs: 20_000 }
    const received = await call('POST', `${at}/receive`, wait, {}, stop.signal)
    const settlement = { ack: [], nack: [], release: [] }
    for (const { id, data, receipt } of received?.items ?? []) {
      if (stop.signal.aborted) {
        settlement.release.push(receipt)
        continue
      }
      console.log(`${group} ${id}`)
      try {
        await writeFile(path.join(folder, `${group}-${id}`), work(data))
        settlement.ack.push(receipt)
      } catch (error) {
        settlement.nack.push({ receipt, error: String(error).slice(0, 200) })
      }
    }
    if (received?.items.length > 0) await call('POST', `${at}/settle`, settlement)
  }
}

/** Reads all orders, page by page. */
async function total() {
  let [orders, sum, after] = [0, 0, 'start']
  while (after) {
    const { items, missed, nextCursor } = await call('GET', `entries?after=${after}`)
    if (missed > 0) throw new Error(`${missed} entries are gone`)
    for (const { data } of items) {
      orders += 1
      sum += data.amount
    }
    after = nextCursor
  }
  console.log(`${orders} orders, ${sum} in all`)
}

const COMMANDS = {
  place,
  bill: (folder) => consume('billing', bill, folder),
  mail: (folder) => consume('mail', mail, folder),
  total,
}
await COMMANDS[command](...rest)
