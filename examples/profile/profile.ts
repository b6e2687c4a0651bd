// Reads a profile through the cache: of many that miss at once one loads it, the others wait for it.
// usage: profile.ts USER FOLDER        (Node only; 22.18 and later run it as it is)
import { appendFile, readFile } from 'node:fs/promises'
import { argv, env } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

const [user = '', folder = ''] = argv.slice(2)
const service = env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
const entry = `${service}/v1/cache/profiles/${encodeURIComponent(user)}`

async function load(): Promise<string | undefined> {
  await sleep(200) // A database takes its time.
  await appendFile(`${folder}/loads`, `${user}\n`)
  return readFile(`${folder}/${user}`, 'utf8').catch(() => undefined)
}

async function read(): Promise<string> {
  for (;;) {
    const response = await fetch(`${entry}?lease=true&waitMs=5000`).catch(() => undefined)
    const lease = response?.headers.get('lockstep-lease')
    // Without a cache it is loaded just the same.
    if (!response || ![200, 404].includes(response.status)) return `loaded: ${shown(await load())}`
    if (lease) return `loaded: ${await fill(lease)}`
    if (response.ok) return `cached: ${await response.text()}`
    const isKnown = response.headers.get('lockstep-state') === 'negative'
    if (isKnown) return `cached: ${shown(undefined)}` // known to have no value
    await sleep(Number(response.headers.get('retry-after')) * 1_000)
  }
}

async function fill(lease: string): Promise<string> {
  const value = await load()
  const headers = {
    'lockstep-lease': lease,
    'content-type': 'text/plain',
    'lockstep-negative': String(value === undefined),
  }
  // Refused if the profile was changed meanwhile: then it is used once, and not cached.
  await fetch(entry, { method: 'PUT', headers, body: value ?? '' }).catch(() => undefined)
  return shown(value)
}

const shown = (value: string | undefined) => value ?? 'nobody'

console.log(await read())
