// Many programs count in one file under a lock: no increment is lost, and a holder that is late does
// no harm.
// usage: node counter.mjs FILE TIMES        (Node 20, nothing to install)
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const SERVICE = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'

/** Repeats the request with the same key while no answer comes: it is applied once. */
async function post(path, body) {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  const request = { method: 'POST', headers, body: JSON.stringify(body) }
  for (let tries = 0; tries < 5; tries++) {
    const signal = AbortSignal.timeout(30_000)
    const response = await fetch(SERVICE + path, { ...request, signal }).catch(() => undefined)
    const answer = await response?.json().catch(() => undefined)
    if (response?.ok && answer) return answer
    if (response && answer && response.status !== 503) throw new Error(answer.detail)
    await sleep(Number(response?.headers.get('retry-after') ?? 1) * 1_000)
  }
  throw new Error(`no answer from ${SERVICE}`)
}

async function increment(file) {
  // Waits in the queue for up to 20 s.
  const terms = { ttlMs: 30_000, waitMs: 20_000 }
  const { token, fence } = await post('/v1/locks/counter/acquire', terms)
  try {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '0 0'
    const [value, last] = text.split(' ').map(Number)
    // A higher fence in the file is that of a later holder: this lease is over.
    if (last >= fence) throw new Error(`stale fence ${fence}`)
    writeFileSync(file, `${value + 1} ${fence}\n`)
  } finally {
    await post('/v1/locks/counter/release', { token })
  }
}

const [file, times] = process.argv.slice(2)
for (let i = 0; i < Number(times); i++) await increment(file)
