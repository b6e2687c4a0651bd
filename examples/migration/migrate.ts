// Several services start at once; one of them migrates, the others wait and find it done.
// usage: migrate.ts NAME VERSION_FILE        (Node only; 22.18 and later run it as it is)
import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const url = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'

interface Lease {
  token: string
  fence: number
}

async function acquire(lock: string, owner: string): Promise<Lease> {
  // A key per attempt: if the answer is lost, the same attempt asked again gets the same lease.
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  const body = JSON.stringify({ ttlMs: 10_000, owner })
  for (;;) {
    const response = await fetch(`${url}/v1/locks/${lock}/acquire`, {
      method: 'POST',
      headers,
      body,
    })
    const answer = (await response.json()) as Lease & { detail: string; retryAfterMs?: number }
    if (response.ok) return answer
    if (response.status !== 423 && response.status !== 503) throw new Error(answer.detail)
    await sleep(Math.min(answer.retryAfterMs ?? 100, 100))
  }
}

const [name = 'service', versionFile = 'version'] = process.argv.slice(2)
const { token, fence } = await acquire('migrate', name)
if (existsSync(versionFile)) {
  console.log(`${name}: nothing to do`)
} else {
  // A real migration would write the fence into the database, which refuses a smaller one.
  appendFileSync(versionFile, `migrated by ${name} under fence ${fence}\n`)
  console.log(`${name}: migrated`)
}
await fetch(`${url}/v1/locks/migrate/release`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ token }),
})
