// Reads a profile through the cache: of many callers that miss at once, one loads it and the others
// wait for it.
// usage: node profile.mjs USER FOLDER        (Node 20, nothing to install; FOLDER/USER is the profile)
import { appendFile, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const [user, folder] = process.argv.slice(2)
const service = process.env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
const entry = `${service}/v1/cache/profiles/${encodeURIComponent(user)}`

const call = (address, options = {}) =>
  fetch(address, { ...options, signal: AbortSignal.timeout(10_000) }).catch(
    () => new Response('', { status: 503 }),
  )

/** The profile, or undefined. Throws if the database fails. */
async function load() {
  await sleep(200) // A database takes its time.
  await appendFile(`${folder}/loads`, `${user}\n`)
  return readFile(`${folder}/${user}`, 'utf8').catch(() => undefined)
}

async function fill(lease) {
  const value = await load().catch(async (error) => {
    // No caller is granted a load for 5 s.
    const body = JSON.stringify({ token: lease, failed: true, backoffMs: 5_000 })
    const headers = { 'content-type': 'application/json' }
    await call(`${entry}/lease/cancel`, { method: 'POST', headers, body })
    throw error
  })
  const headers = { 'lockstep-lease': lease, 'content-type': 'text/plain' }
  if (value === undefined) headers['lockstep-negative'] = 'true'
  // Refused if the profile changed meanwhile: then it is used once, and not cached.
  await call(entry, { method: 'PUT', headers, body: value ?? '' })
  return value
}

/** How the profile was found, and the profile, or undefined. */
async function read() {
  for (;;) {
    const response = await call(`${entry}?lease=true&waitMs=5000`)
    const { headers, status } = response
    const state = headers.get('lockstep-lease-status')
    if (state === 'granted') return ['loaded', await fill(headers.get('lockstep-lease'))]
    if (status === 200) return ['cached', await response.text()]
    if (status !== 404) return ['loaded', await load()] // Without a cache it is loaded just the same.
    if (headers.get('lockstep-state') === 'negative') return ['cached', undefined]
    if (state === 'backoff') throw new Error('the last load failed a moment ago')
    await sleep(Number(headers.get('retry-after')) * 1_000) // Another caller loads.
  }
}

const [how, value] = await read()
console.log(`${how}: ${value ?? 'nobody'}`)
