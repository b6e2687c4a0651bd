// npm run bench:hit-ratios: the hit ratio of each eviction policy of L1 on skewed traces.
//
// Nothing here depends on the machine: the traces are made from a seed.
import { createEvictionPolicy } from '../dist/cache/l1/eviction/policies.js'
import { zipf } from './zipf.mjs'

const KEYS = 100_000
const REQUESTS = 1_000_000
const SHARES = [0.005, 0.01, 0.05, 0.25]
const TTL_MS = 60_000

/** TTLs differ by up to a tenth, like those with the jitter of a space. */
const lifeOf = (key) => TTL_MS - ((key * 7_919) % (TTL_MS / 10))

function ratioOf(policy, maxEntries, exponent, scans) {
  const values = createEvictionPolicy(policy, {
    maxEntries,
    maxBytes: Number.MAX_SAFE_INTEGER,
    onEvict() {},
  })
  const next = zipf({ keys: KEYS, exponent, seed: 1 })
  let hits = 0
  let counted = 0
  for (let i = 0; i < REQUESTS; i++) {
    // One request in five belongs to a scan over keys that are requested once.
    const scanning = scans && i % 5 === 0
    const number = scanning ? KEYS + i : next()
    const key = String(number)
    // The clock advances at 20,000 requests per second; no key is invalidated.
    const now = i / 20
    const kept = values.get(key)
    const hit = kept !== undefined && kept.expiresAt > now
    if (!hit) values.set(key, { weight: 1, expiresAt: now + lifeOf(number) })
    // The first tenth only fills L1.
    if (i < REQUESTS / 10 || scanning) continue
    counted += 1
    if (hit) hits += 1
  }
  return hits / counted
}

const rows = []
for (const [trace, exponent, scans] of [
  ['Zipf 1.0', 1, false],
  ['Zipf 0.8', 0.8, false],
  ['Zipf 1.0, one in five a scan', 1, true],
]) {
  for (const share of SHARES) {
    const row = { trace, 'entries / keys': `${share * 100} %` }
    for (const policy of ['lru', 'lfu', 'ttl']) {
      row[policy] = ratioOf(policy, KEYS * share, exponent, scans).toFixed(3)
    }
    rows.push(row)
  }
}
console.log(`${KEYS} keys, ${REQUESTS} requests, TTL ${TTL_MS} ms at 20000 requests per second`)
console.table(rows)
