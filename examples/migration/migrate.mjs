// Several services start at once: one of them migrates, the others wait and find it done.
// usage: node migrate.mjs NAME DATABASE        (Node 20, nothing to install; needs sqlite3)
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const SERVICE = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
const TTL_MS = 10_000

/** Without an answer the status is 503: the request may have been applied. */
async function post(path, body, key = randomUUID()) {
  try {
    const response = await fetch(SERVICE + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TTL_MS),
    })
    const pauseS = Number(response.headers.get('retry-after') ?? 1)
    return { pauseS, ...(await response.json()), status: response.status }
  } catch {
    return { status: 503, pauseS: 1 }
  }
}

async function acquire(name, owner) {
  // One key for all tries: it keeps the place in the queue, and a try whose answer was lost gets
  // the same lease.
  const key = randomUUID()
  // Each try is shorter than the lease, whose end is counted from before the try.
  const body = { ttlMs: TTL_MS, waitMs: TTL_MS / 2, owner }
  for (;;) {
    const asked = performance.now()
    const answer = await post(`/v1/locks/${name}/acquire`, body, key)
    if (answer.status === 200) return { ...answer, until: asked + answer.expiresInMs }
    if (answer.status === 503) await sleep(answer.pauseS * 1_000)
    else if (answer.status !== 423) throw new Error(answer.detail)
  }
}

/** Renews the lock while `work` runs, aborts its signal when the lock is lost, then releases it. */
async function withLock(name, owner, work) {
  const { token, fence, until } = await acquire(name, owner)
  const lost = new AbortController()
  const loseAt = (at) =>
    setTimeout(() => lost.abort(new Error('no renewal in time')), at - performance.now()).unref()
  let deadline = loseAt(until)
  const renewals = setInterval(async () => {
    const asked = performance.now()
    const { status, expiresInMs, detail } = await post(`/v1/locks/${name}/renew`, { token })
    if (status === 200) {
      clearTimeout(deadline)
      deadline = loseAt(asked + expiresInMs)
    } else if (status !== 503) lost.abort(new Error(detail))
  }, TTL_MS / 3)
  try {
    return await work(fence, lost.signal)
  } finally {
    clearInterval(renewals)
    clearTimeout(deadline)
    await post(`/v1/locks/${name}/release`, { token })
  }
}

const [name, database] = process.argv.slice(2)
const step = (number) => new URL(`steps/${number}.sql`, import.meta.url)

await withLock('migrate', name, async (fence, signal) => {
  const sql = async (text) => {
    const options = ['-bail', '-cmd', '.timeout 60000', database, text]
    const { stdout } = await promisify(execFile)('sqlite3', options, { signal })
    return stdout
  }
  await sql(readFileSync(step(0), 'utf8'))
  // From now on the database refuses every earlier holder.
  const claim = `UPDATE migration SET fence = ${fence}; SELECT version FROM migration;`
  const version = Number(await sql(claim))
  let done = version
  for (; existsSync(step(done + 1)); done++) {
    // A step and its fence are one transaction: both are written, or neither.
    await sql(`BEGIN IMMEDIATE; UPDATE migration SET version = ${done + 1}, fence = ${fence};
      ${readFileSync(step(done + 1), 'utf8')} COMMIT;`)
  }
  console.log(`${name}: ${done > version ? 'migrated' : 'nothing to do'}`)
})
