// npm run bench:bodies: how long the worst legal body of each route keeps the event loop from others.
//
// The largest delay of a probe that is asked all the while, in milliseconds: median of several turns,
// with the spread. The first row is the same without a body.
import { request } from 'node:http'
import { startServers } from './servers.mjs'

const TURNS = 7
const KIB = 1024
const names = (count, length = 512) =>
  Array.from({ length: count }, (_, i) => String(i).padEnd(length, 'x'))
/** Objects of one name each, as many as fit: what costs most to parse, and to explain. */
const unknown = (bytes) =>
  `{${Array.from({ length: Math.floor(bytes / 10) }, (_, i) => `"k${i}":1`)
    .join()
    .slice(0, bytes - 20)
    .replace(/,[^,]*$/, '')}}`
const json = JSON.stringify

const limit = (name, i) => ({ name: 'l', key: name, limit: 1_000 + i, windowMs: 60_000 })
const ROWS = [
  ['no body', '/v1/locks/a/acquire', '{}'],
  ['unknown fields, 64 KiB', '/v1/locks/a/acquire', unknown(64 * KIB)],
  [
    'acquire, metadata of small objects, 64 KiB',
    '/v1/locks/a/acquire',
    json({ metadata: { a: Array(16_000).fill([]) } }),
  ],
  ['lock set of 32 names', '/v1/lock-sets/acquire', json({ names: names(32) })],
  ['check of 32 limits', '/v1/ratelimits/check', json({ limits: names(32).map(limit) })],
  ['unknown fields, 640 KiB', '/v1/cache/s/get-many', unknown(640 * KIB)],
  ['get-many of 1000 keys', '/v1/cache/s/get-many', json({ keys: names(1_000) })],
  ['delete-many of 1000 keys', '/v1/cache/s/delete-many', json({ keys: names(1_000) })],
  ['invalidate of 1000 keys', '/v1/cache/s/invalidate', json({ keys: names(1_000) })],
  [
    'set-many of 1000 small values',
    '/v1/cache/s/set-many',
    json({ entries: names(1_000).map((key) => ({ key, value: 1 })) }),
  ],
  [
    'set-many, 50,000 values in one',
    '/v1/cache/s/set-many',
    json({
      entries: [
        {
          key: 'a',
          value: Array(49_990)
            .fill(0)
            .map((_, i) => (i % 2 ? i : {})),
        },
      ],
    }),
  ],
  [
    'set-many of 12 MiB of base64',
    '/v1/cache/s/set-many',
    json({ entries: [{ key: 'a', encoding: 'base64', value: 'A'.repeat(8 * KIB * KIB) }] }),
  ],
  [
    'pipeline of 1000 puts',
    '/v1/cache-pipeline',
    json({ operations: names(1_000).map((key) => ({ op: 'put', space: 's', key, value: 1 })) }),
  ],
  [
    'gubernator, 1000 limits',
    '/v1/GetRateLimits',
    json({
      requests: names(1_000, 400).map((key) => ({
        name: 'n',
        unique_key: key,
        hits: 1,
        limit: 1_000,
        duration: 60_000,
      })),
    }),
  ],
  ['query of 1000 members', '/v1/leaderboards/b/query', json({ members: names(1_000) })],
  [
    'submit of 200 entries',
    '/v1/leaderboards/b/scores',
    json({
      entries: names(200).map((member) => ({
        member,
        score: 1,
        metadata: { a: 'x'.repeat(1_000) },
      })),
    }),
  ],
]

const ask = (url, path, { method = 'GET', body, agent } = {}) =>
  new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const asked = request(`${url}${path}`, { method, headers, agent }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode))
    })
    asked.on('error', reject)
    asked.end(body)
  })

/** @returns {Promise<[number, number]>} the largest delay of a probe, and the status of the request */
async function turn(url, path, body) {
  let largest = 0
  let running = true
  const probing = (async () => {
    while (running) {
      const before = performance.now()
      await ask(url, '/livez')
      largest = Math.max(largest, performance.now() - before)
    }
  })()
  const status = await ask(url, path, { method: 'POST', body })
  running = false
  await probing
  return [largest, status]
}

const { service, stop } = await startServers()
try {
  await ask(service.url, '/v1/leaderboards/b', { method: 'PUT', body: '{}' })
  const rows = []
  for (const [name, path, body] of ROWS) {
    const turns = []
    for (let i = 0; i < TURNS; i++) turns.push(await turn(service.url, path, body))
    const delays = turns.map(([delay]) => delay).sort((a, b) => a - b)
    rows.push({
      body: name,
      KiB: Math.round(body.length / KIB),
      status: turns[0][1],
      ms: delays[TURNS >> 1].toFixed(1),
      spread: `${delays[0].toFixed(1)} to ${delays.at(-1).toFixed(1)}`,
    })
  }
  console.table(rows)
} finally {
  await stop()
}
