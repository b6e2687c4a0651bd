// Runs scripts of locks one by one, and reads their cost in Redis.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createBinder } from '../dist/redis/binder.js'
import { openConnection } from '../dist/redis/connection.js'

export const COMMON = { floor: 0, ended_ttl_ms: 1_000 }
export const newToken = () => randomBytes(16).toString('base64url')

/** @param scripts by the names under which `run` has them; keys of a row begin with `ls:{bench-` */
export async function openScripts(servers, scripts) {
  const connection = openConnection({ url: servers.redis.url, purpose: 'bench', timeoutMs: 5_000 })
  while (!connection.isReady()) await sleep(10)
  const client = new Redis(servers.redis.url.replace('unix://', ''))
  const binder = createBinder({
    connection,
    observer: { batch() {}, failure() {} },
    clockOffsetUs: () => 0,
  })
  const run = Object.fromEntries(
    Object.entries(scripts).map(([name, script]) => [name, binder.bind(script)]),
  )
  return {
    run,
    client,
    /** Redis' own time in us for each of so many cycles. */
    async costOf(cycle, cycles) {
      await client.config('RESETSTAT')
      for (let i = 0; i < cycles; i++) await cycle()
      const stats = await client.info('commandstats')
      return Number(/cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(stats)[1]) / cycles
    },
    async close() {
      const keys = await client.keys('ls:{bench-*')
      for (let i = 0; i < keys.length; i += 1_000) await client.unlink(keys.slice(i, i + 1_000))
      connection.close()
      client.disconnect()
    },
  }
}

export function compare(pairs, record) {
  const ratios = pairs.map(([ours, theirs]) => ours / theirs)
  return { ratio: median(ratios), spread: [Math.min(...ratios), Math.max(...ratios)], record }
}

export const median = (values) => quantile(values, 0.5)

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}
