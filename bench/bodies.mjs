// npm run bench:bodies: measures how long the worst legal body of each route blocks the event loop.
//
// Milliseconds of CPU of the longest turn of the event loop during the request: median of several
// requests, with the spread. The first row is the same without a body.
import { request } from 'node:http'
import { startServers } from './servers.mjs'

const TURNS = 7
const KIB = 1024
const names = (count, length = 512) =>
  Array.from({ length: count }, (_, i) => String(i).padEnd(length, 'x'))
/** As many one-field objects as fit: they cost most to parse and to report as errors. */
const unknown = (bytes) =>
  `{${Array.from({ length: Math.floor(bytes / 10) }, (_, i) => `"k${i}":1`)
    .join()
    .slice(0, bytes - 20)
    .replace(/,[^,]*$/, '')}}`
const json = JSON.stringify

/** A comma or an opening bracket counts as a value. */
const MANY_VALUES = Array(24_900).fill([])
/** The JSON of this size that costs most to parse. */
const arrays = (bytes) => `[${'[],'.repeat(Math.floor((bytes - 4) / 3))}[]]`

const limit = (name, i) => ({ name: 'l', key: name, limit: 1_000 + i, windowMs: 60_000 })
const networks = (first) => names(1_000, 0).map((i) => `10.${first}.${i >> 8}.${i & 255}/32`)
/** Name, path, body, and the method unless it is POST. */
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
    'set-many, one JSON of 50,000 values',
    '/v1/cache/s/set-many',
    json({ entries: [{ key: 'a', value: MANY_VALUES }] }),
  ],
  [
    'set-many of 8 MiB of text',
    '/v1/cache/s/set-many',
    json({ entries: [{ key: 'a', value: 'A'.repeat(8 * KIB * KIB - 2) }] }),
  ],
  [
    'set-many of 8 MiB of base64',
    '/v1/cache/s/set-many',
    json({ entries: [{ key: 'a', encoding: 'base64', value: 'A'.repeat(8 * KIB * KIB) }] }),
  ],
  ['get-many of one JSON of 8 MiB', '/v1/cache/s/get-many', json({ keys: ['deep'] })],
  [
    'get-many of 128 JSON of 64 KiB',
    '/v1/cache/s/get-many',
    json({ keys: names(128, 0).map((i) => `small-${i}`) }),
  ],
  [
    'pipeline of 128 gets of JSON of 64 KiB',
    '/v1/cache-pipeline',
    json({
      operations: names(128, 0).map((i) => ({ op: 'get', space: 's', key: `small-${i}` })),
    }),
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
  [
    'envoy, 64 descriptors of 32 entries',
    '/json',
    json({
      domain: 'd',
      descriptors: names(64, 0).map((key) => ({
        entries: names(32, 0).map((entry) => ({ key: `k${entry}`, value: `${key}-${entry}` })),
      })),
    }),
  ],
  [
    'policy with 2000 listed networks',
    '/v1/ratelimit-policies/listed',
    json({ limit: 10, windowMs: 1_000, allow: networks(1), deny: networks(2) }),
    'PUT',
  ],
  [
    'submission to 100 boards',
    '/v1/leaderboard-submissions',
    json({
      member: 'm'.repeat(512),
      boards: names(100, 0).map((i) => ({ board: `b${i}`, score: 1 })),
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

/** @returns {Promise<[number, number]>} the longest turn, and the status of the request */
async function turn(path, body, method) {
  await service.ask('longest')
  const status = await ask(service.url, path, { method, body })
  return [await service.ask('longest'), status]
}

const { startProbed, stop } = await startServers()
const service = await startProbed()
const put = (path, body) => ask(service.url, path, { method: 'PUT', body })
try {
  await put('/v1/leaderboards/b', '{}')
  await put('/v1/cache-spaces/s', json({ maxValueBytes: 8 * KIB * KIB }))
  await put('/v1/cache/s/deep', arrays(8 * KIB * KIB))
  for (const i of names(128, 0)) await put(`/v1/cache/s/small-${i}`, arrays(64 * KIB))
  const rows = []
  for (const [name, path, body, method = 'POST'] of ROWS) {
    const turns = []
    for (let i = 0; i < TURNS; i++) turns.push(await turn(path, body, method))
    const times = turns.map(([ms]) => ms).sort((a, b) => a - b)
    rows.push({
      body: name,
      KiB: Math.round(body.length / KIB),
      status: turns[0][1],
      ms: times[TURNS >> 1].toFixed(1),
      spread: `${times[0].toFixed(1)} to ${times.at(-1).toFixed(1)}`,
    })
  }
  console.table(rows)
} finally {
  await stop()
}
