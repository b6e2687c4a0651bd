// npm run bench:namespaces
//
// Measures what unused namespaces cost an idle instance: its memory, and the commands that it
// sends. Compares 100,000 namespaces on one Redis, and 1,000 with 256 buckets each as on a Cluster,
// with 10. Each case has its own process and Redis. The instance is idle when its list of buckets
// is empty again. Takes about a quarter of an hour.
import { fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createLockMetrics } from '../dist/locks/metrics.js'
import { createLockStore } from '../dist/locks/store.js'
import { createMetrics } from '../dist/metrics/registry.js'
import { createBinder } from '../dist/redis/binder.js'
import { openConnection } from '../dist/redis/connection.js'
import { startManagedRedis } from '../dist/redis/managed.js'

const CASES = [
  { name: 'one Redis', buckets: 1, few: 10, many: 100_000 },
  { name: 'as on a Cluster', buckets: 256, few: 10, many: 1_000 },
]
const AT_ONCE = 200
const IDLE_MS = 65_000
const MIB = 1024 * 1024
const nothing = () => undefined

async function measure(url, buckets, namespaces) {
  const connection = openConnection({ url, purpose: 'bench', timeoutMs: 20_000 })
  while (!connection.isReady()) await sleep(10)
  const store = createLockStore({
    binder: createBinder({
      connection,
      observer: { batch: nothing, failure: nothing },
      clockOffsetUs: () => 0,
    }),
    layout: { version: 2, hash: 'crc32', lockBuckets: buckets, cachePartitions: 1 },
    pubSub: { subscribe: async () => undefined, onGap: nothing },
    client: () => connection.client,
    metrics: createLockMetrics(createMetrics('bench')),
    endedTtlMs: 1_000,
  })
  const use = async (nth) => {
    // Every bucket of every namespace is used.
    const namespace = `n${Math.floor(nth / buckets)}`
    const lease = await store.acquire(namespace, [`x${nth % buckets}@`], { ttlMs: 30_000 })
    if (lease.kind !== 'granted') throw new Error(lease.kind)
    await store.release(namespace, [`x${nth % buckets}@`], lease.token)
  }
  for (let from = 0; from < namespaces * buckets; from += AT_ONCE) {
    const count = Math.min(AT_ONCE, namespaces * buckets - from)
    await Promise.all(Array.from({ length: count }, (_, i) => use(from + i)))
  }
  const client = new Redis(url.replace('unix://', ''))
  const usedAt = Date.now()
  // The instance sends its list every 50 ms.
  await sleep(1_000)
  while ((await client.zcard('ls:locks:buckets')) > 0) await sleep(1_000)
  const forgottenS = Math.round((Date.now() - usedAt) / 1_000)
  await client.config('RESETSTAT')
  await sleep(IDLE_MS)
  const stats = await client.info('commandstats')
  const calls = [...stats.matchAll(/cmdstat_(\w+)\S*?:calls=(\d+)/g)]
    .filter(([, name]) => !['config', 'info'].includes(name))
    .reduce((sum, [, , count]) => sum + Number(count), 0)
  globalThis.gc?.()
  const rssMiB = process.memoryUsage().rss / MIB
  client.disconnect()
  store.close()
  connection.close()
  return { rssMiB, calls, forgottenS }
}

async function apart(buckets, namespaces) {
  const redis = await startManagedRedis({
    toolsFolder: new URL('../.lockstep', import.meta.url).pathname,
  })
  try {
    const child = fork(import.meta.filename, [redis.url, String(buckets), String(namespaces)], {
      execArgv: ['--expose-gc'],
    })
    return await new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', (code) => reject(new Error(`a store ended with ${code}`)))
    })
  } finally {
    await redis.stop()
  }
}

const [url, buckets, namespaces] = process.argv.slice(2)
if (url) {
  process.send(await measure(url, Number(buckets), Number(namespaces)))
  process.disconnect()
} else {
  const compare = async ({ name, buckets: each, few, many }) => {
    const [small, large] = await Promise.all([apart(each, few), apart(each, many)])
    const more = large.rssMiB - small.rssMiB
    const times = large.calls / Math.max(1, small.calls)
    console.log(
      `${name}: ${many} namespaces against ${few}: ${large.rssMiB.toFixed(0)} MiB against ${small.rssMiB.toFixed(0)} (${more.toFixed(0)} more, 64 at most); ` +
        `${large.calls} commands in ${IDLE_MS / 1_000} idle seconds against ${small.calls} (2 times at most); ` +
        `its buckets were forgotten after ${large.forgottenS} s against ${small.forgottenS}`,
    )
    if (more > 64 || times > 2) process.exitCode = 1
  }
  await Promise.all(CASES.map(compare))
}
