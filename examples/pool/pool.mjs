// Works through jobs with other workers, at most two jobs at a time in all: each job takes a permit
// of a semaphore, under a session that ends when this worker dies.
// usage: node pool.mjs POOL WORKER JOB...        (Node 20, nothing to install)
import { randomUUID } from 'node:crypto'
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
    if (response && answer && response.status !== 503) return { ...answer, status: response.status }
    await sleep(Number(response?.headers.get('retry-after') ?? 1) * 1_000)
  }
  throw new Error(`no answer from ${SERVICE}`)
}

/** One keepalive for all leases of this worker; aborts the signal when the session may be over. */
async function withSession(pool, worker, work) {
  // A Redis Cluster keeps a session and the names that begin with its prefix on one node.
  const terms = { ttlMs: 15_000, prefix: pool, metadata: { worker } }
  const opened = performance.now()
  const { status, token, detail, expiresInMs } = await post('/v1/sessions', terms)
  if (status !== 201) throw new Error(detail)
  const ended = new AbortController()
  // The session is certain as long as a keepalive says, counted from before it was sent.
  const endAt = (at) =>
    setTimeout(() => ended.abort(new Error('the session ended')), at - performance.now()).unref()
  let deadline = endAt(opened + expiresInMs)
  const keepalives = setInterval(async () => {
    const asked = performance.now()
    const answer = await post('/v1/sessions/keepalive', { token }).catch(() => undefined)
    if (answer?.status === 200) {
      clearTimeout(deadline)
      deadline = endAt(asked + answer.expiresInMs)
    } else if (answer) ended.abort(new Error(answer.detail))
  }, 5_000)
  try {
    await work(token, ended.signal)
  } finally {
    clearInterval(keepalives)
    clearTimeout(deadline)
    await post('/v1/sessions/end', { token })
  }
}

async function withPermit(pool, sessionToken, work) {
  const semaphore = `/v1/semaphores/${encodeURIComponent(pool)}@jobs`
  const terms = { capacity: 2, sessionToken, waitMs: 20_000 }
  let lease = await post(`${semaphore}/acquire`, terms)
  // 423 when none is free for 20 s: asks again.
  while (lease.status === 423) lease = await post(`${semaphore}/acquire`, terms)
  if (lease.status !== 200) throw new Error(lease.detail)
  try {
    await work()
  } finally {
    await post(`${semaphore}/release`, { token: lease.token })
  }
}

const [pool, worker, ...jobs] = process.argv.slice(2)
await withSession(pool, worker, async (sessionToken, ended) => {
  for (const job of jobs) {
    await withPermit(pool, sessionToken, async () => {
      ended.throwIfAborted()
      await sleep(100) // The job.
      console.log(`${worker} did ${job}`)
    })
  }
})
