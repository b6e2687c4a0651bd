// Works through the messages of a queue. It extends their leases while it works, reports what failed,
// and gives back what it has not begun when it has to stop.
// usage: node worker.mjs QUEUE FOLDER        (Node 20, nothing to install)
//
// A message is { text, seconds }: after these seconds its text is in FOLDER, in a file with the id of
// the message as its name. So work that is done twice changes nothing.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const [queue, folder] = process.argv.slice(2)
const SERVICE = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
const URL = `${SERVICE}/v1/queues/${encodeURIComponent(queue)}`

const stop = new AbortController()
for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => stop.abort())

/** Repeats the request while no answer comes. A settle can be repeated without harm. */
async function post(call, body, ...signals) {
  const headers = { 'content-type': 'application/json' }
  const request = { method: 'POST', headers, body: JSON.stringify(body) }
  for (let tries = 0; tries < 5; tries++) {
    const signal = AbortSignal.any([AbortSignal.timeout(30_000), ...signals])
    const response = await fetch(`${URL}/${call}`, { ...request, signal }).catch(() => undefined)
    const answer = await response?.json().catch(() => undefined)
    if (response?.ok && answer) return answer
    if (response && answer && ![429, 503].includes(response.status)) throw new Error(answer.detail)
    if (signals.some(({ aborted }) => aborted)) return undefined
    await sleep(Number(response?.headers.get('retry-after') ?? 1) * 1_000)
  }
  throw new Error(`no answer from ${SERVICE}`)
}

async function settle(settlement, id) {
  const { results } = await post('settle', settlement)
  const [{ status }] = results
  // Another worker has the message, or had it: its work may be done twice.
  if (status === 'stale' || status === 'gone') console.error(`${id} is ${status}`)
}

async function work({ id, body: { text, seconds } }) {
  if (typeof text !== 'string') throw new Error('there is no text')
  console.log(`doing ${id}`)
  await sleep(seconds * 1_000)
  await writeFile(path.join(folder, id), text)
}

async function workThrough(messages) {
  const receipts = new Set(messages.map(({ receipt }) => receipt))
  const [{ visibleForMs }] = messages
  // At half of its time, every message at hand gets as much again.
  const visibilityMs = Math.max(1_000, visibleForMs)
  const extensions = setInterval(() => {
    const extend = [...receipts].map((receipt) => ({ receipt, visibilityMs }))
    if (extend.length > 0) post('settle', { extend }).catch(({ message }) => console.error(message))
  }, visibleForMs / 2)
  try {
    for (const message of messages) {
      if (stop.signal.aborted) break
      const { id, receipt } = message
      const failure = await work(message).then(
        () => undefined,
        (error) => error,
      )
      receipts.delete(receipt)
      const nack = [{ receipt, error: String(failure).slice(0, 200) }]
      await settle(failure ? { nack } : { ack: [receipt] }, id)
    }
  } finally {
    clearInterval(extensions)
    if (receipts.size > 0) await post('settle', { release: [...receipts] })
  }
}

while (!stop.signal.aborted) {
  // No more than it does within the visibility of a message. Stopping cuts the wait; a message that
  // was on its way is delivered again.
  const answer = await post('receive', { limit: 5, waitMs: 20_000 }, stop.signal)
  if (answer?.items.length > 0) await workThrough(answer.items)
}
