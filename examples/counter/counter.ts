// Many programs count in one file under a lock; no increment is lost, and a holder that came too
// late does no harm.
// usage: counter.ts FILE TIMES        (Node only; 22.18 and later run it as it is)
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const url = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'

async function post<T>(path: string, body: object, headers = {}): Promise<T> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error((answer as { detail: string }).detail)
  return answer as T
}

async function increment(file: string): Promise<void> {
  // Stands in line for up to 20 s. A key per attempt, so that a retry finds its place again.
  const { token, fence } = await post<{ token: string; fence: number }>(
    '/v1/locks/counter/acquire',
    { ttlMs: 5_000, waitMs: 20_000 },
    { 'idempotency-key': randomUUID() },
  )
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '0 0'
  const [value = 0, last = 0] = text.split(' ').map(Number)
  // Whoever writes under a fence above ours got the lock after us: our lease is over.
  if (last >= fence) throw new Error(`stale fence ${fence}`)
  writeFileSync(file, `${value + 1} ${fence}\n`)
  await post('/v1/locks/counter/release', { token })
}

const [file = 'counter', times = '1'] = process.argv.slice(2)
for (let i = 0; i < Number(times); i++) await increment(file)
