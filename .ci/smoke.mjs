// Runs npm start twice: it serves, Ctrl-C and SIGTERM leave nothing behind, a lock survives.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const SECONDS = 1_000

async function until(what, probe, ms) {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(50)) {
    const answer = await Promise.resolve()
      .then(probe)
      .catch(() => undefined)
    if (answer) return answer
  }
  throw new Error(`waited ${ms} ms in vain: ${what}`)
}

/** Processes whose command line contains the folder, which only this run uses. */
function processesNaming(folder) {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
    } catch {
      return false
    }
  })
}

async function start(temp) {
  const began = performance.now()
  const npm = spawn('npm', ['start'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LOCKSTEP_PORT: '0', LOCKSTEP_OVERLOAD_DELAY_MS: '60000', TMPDIR: temp },
  })
  const exit = new Promise((resolve) => npm.once('exit', resolve))
  let output = ''
  npm.stdout.on('data', (chunk) => {
    output += chunk
    process.stdout.write(chunk)
  })
  const url = await until(
    'the banner',
    () => /listens on (http\S+)/.exec(output)?.[1],
    300 * SECONDS,
  )
  await until('ready', async () => (await fetch(`${url}/readyz`)).ok, 30 * SECONDS)
  console.log(`ready after ${((performance.now() - began) / SECONDS).toFixed(2)} s`)
  return { npm, exit, url }
}

async function post(url, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.equal(response.status, 200, url)
  return response.json()
}

async function ends({ exit }, temp) {
  assert.equal(await Promise.race([exit, sleep(60 * SECONDS, 'still running', { ref: false })]), 0)
  await until('no process is left', () => processesNaming(temp).length === 0, 10 * SECONDS)
  assert.deepEqual(
    readdirSync(temp).filter((name) => name.startsWith('lockstep-')),
    [],
  )
}

const temp = mkdtempSync(path.join(tmpdir(), 'smoke-'))
const locks = '/v1/locks'

const first = await start(temp)
const lease = await post(`${first.url}${locks}/smoke/acquire`, { ttlMs: 30_000 })
assert.deepEqual(
  (await post(`${first.url}${locks}/smoke/release`, { token: lease.token })).released,
  true,
)
const name = `kept-${process.pid}`
const kept = await post(`${first.url}${locks}/${name}/acquire`, { ttlMs: 600_000 })
process.kill(-first.npm.pid, 'SIGINT')
await ends(first, temp)
console.log('Ctrl-C left nothing')

const second = await start(temp)
const response = await fetch(`${second.url}${locks}/${name}`)
assert.equal((await response.json()).holders[0].fence, kept.fence)
await post(`${second.url}${locks}/${name}/release`, { token: kept.token })
second.npm.kill('SIGTERM')
await ends(second, temp)
console.log('the lock survived; SIGTERM left nothing')
rmSync(temp, { recursive: true, force: true })
