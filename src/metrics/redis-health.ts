import { atScrape, type Metrics } from './registry.js'

export type RedisName = 'main' | 'cache'

/** The memory of one server. */
interface ServerMemory {
  readonly usedBytes: number
  /** 0: no bound. */
  readonly maxBytes: number
  readonly evictedKeys: number
}

/** Read at every scrape. */
interface WatchedRedis {
  isUp(): boolean
  reason(): string | undefined
  /** Every primary; the metrics are their sums. */
  servers(): readonly ServerMemory[]
}

/** @param words all reasons and findings: those that do not apply are exposed as 0 */
export function createRedisHealth(
  metrics: Metrics,
  words: { readonly reasons: readonly string[]; readonly findings: readonly string[] },
) {
  const up = metrics.gauge('lockstep_redis_up', 'Whether Redis answers, 1 or 0', ['redis'])
  const reason = metrics.gauge(
    'lockstep_redis_trouble',
    'Why Redis does not serve as it should: 1 for the reason, 0 for the others',
    ['redis', 'reason'],
  )
  const finding = metrics.gauge(
    'lockstep_redis_safety_finding',
    'Whether a setting of Redis endangers a guarantee, 1 or 0; see docs/operations.md',
    ['redis', 'finding'],
  )
  const watched = new Map<RedisName, WatchedRedis>()
  atScrape(up, () => {
    for (const [redis, { isUp }] of watched) up.set({ redis }, isUp() ? 1 : 0)
  })
  atScrape(reason, () => {
    for (const [redis, of] of watched) {
      const now = of.reason()
      for (const word of words.reasons) reason.set({ redis, reason: word }, Number(word === now))
    }
  })
  exposeMemory(metrics, watched)
  return {
    watch: (redis: RedisName, of: WatchedRedis) => void watched.set(redis, of),
    found(redis: RedisName, findings: readonly string[]) {
      for (const name of words.findings)
        finding.set({ redis, finding: name }, Number(findings.includes(name)))
    },
  }
}

function exposeMemory(metrics: Metrics, watched: ReadonlyMap<RedisName, WatchedRedis>): void {
  const total = (servers: readonly ServerMemory[], field: keyof ServerMemory) =>
    servers.reduce((sum, server) => sum + server[field], 0)
  const sum = (name: string, help: string, field: keyof ServerMemory) => {
    const gauge = metrics.gauge(name, help, ['redis'])
    atScrape(gauge, () => {
      for (const [redis, { servers }] of watched) gauge.set({ redis }, total(servers(), field))
    })
  }
  sum('lockstep_redis_memory_used_bytes', 'Memory used by Redis', 'usedBytes')
  sum('lockstep_redis_memory_max_bytes', 'maxmemory of Redis; 0 for no bound', 'maxBytes')
  const evicted = metrics.counter(
    'lockstep_redis_evicted_keys_total',
    'Keys that Redis evicted since it started',
    ['redis'],
  )
  atScrape(evicted, () => {
    for (const [redis, { servers }] of watched) {
      evicted.labels(redis).value = total(servers(), 'evictedKeys')
    }
  })
}
