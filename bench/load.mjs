// Load from a process of its own: wrk where it is on PATH, else autocannon in a worker.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import autocannon from 'autocannon'

const hasWrk = spawnSync('wrk', ['-v']).error === undefined

export const generator = hasWrk ? 'wrk' : 'autocannon'

/**
 * @param {string} url of the server
 * @param {{ method: string, path: string, body?: object }} request `#` in path and body becomes a
 *   number that no other request has
 * @param {{ connections: number, seconds: number }} load
 * @returns {Promise<{ requests: number, perSecond: number, p99Ms: number, failed: number }>}
 */
export function drive(url, request, load) {
  return hasWrk ? driveWrk(url, request, load) : driveAutocannon(url, request, load)
}

/** Names must differ between runs as well: a lock of the last run may still be held. */
let run = Date.now() % 1_000_000

async function driveWrk(url, { method, path: pattern, body }, { connections, seconds }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'lockstep-bench-'))
  const script = path.join(folder, 'request.lua')
  const unique = `${run++}-`
  const numbered = (text) =>
    text
      .split('#')
      .map((part) => JSON.stringify(part))
      .join(` .. "${unique}" .. n .. `)
  writeFileSync(
    script,
    `local n = 0
local headers = ${body ? '{ ["content-type"] = "application/json" }' : '{}'}
request = function()
  n = n + 1
  return wrk.format(${JSON.stringify(method)}, ${numbered(pattern)}, headers,
    ${body ? numbered(JSON.stringify(body)) : 'nil'})
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`,
  )
  try {
    const text = await output('wrk', [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      script,
      url,
    ])
    const match = /RESULT (\d+) (\d+) (\d+) (\d+)/.exec(text)
    if (!match) throw new Error(`wrk printed no result: ${text}`)
    const [requests, micros, p99, failed] = match.slice(1).map(Number)
    return { requests, perSecond: requests / (micros / 1e6), p99Ms: p99 / 1_000, failed }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    child.once('error', reject)
    child.once('close', () => resolve(text))
  })
}

async function driveAutocannon(url, { method, path: pattern, body }, { connections, seconds }) {
  let n = 0
  const unique = `${run++}-`
  const number = (text) => text.replaceAll('#', `${unique}${n}`)
  const text = body && JSON.stringify(body)
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    workers: 1,
    requests: [
      {
        method,
        ...(body && { headers: { 'content-type': 'application/json' } }),
        setupRequest(request) {
          n++
          return { ...request, path: number(pattern), ...(body && { body: number(text) }) }
        },
      },
    ],
  })
  return {
    requests: result.requests.total,
    perSecond: result.requests.total / result.duration,
    p99Ms: result.latency.p99,
    failed: result.errors + result.timeouts + result.non2xx,
  }
}
