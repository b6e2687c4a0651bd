import type { Gauge } from 'prom-client'
import type { Metrics } from './registry.js'

export type RedisName = 'main' | 'cache'

/** What a server says of its memory. */
export interface ServerMemory {
  readonly usedBytes: number
  /** 0: no bound. */
  readonly maxBytes: number
  readonly evictedKeys: number
}

export interface RedisHealth {
  /**
   * Both are read at every scrape.
   * @param servers every one that keeps data: a Cluster has several, whose numbers are added up
   */
  watch(redis: RedisName, isUp: () => boolean, servers: () => readonly ServerMemory[]): void
  found(redis: RedisName, findings: readonly string[]): void
}

/** @param known every finding there is: what was not found is exposed as 0. */
export function createRedisHealth(metrics: Metrics, known: readonly string[]): RedisHealth {
  const up = metrics.gauge('lockstep_redis_up', 'Whether Redis answers, 1 or 0', ['redis'])
  const finding = metrics.gauge(
    'lockstep_redis_safety_finding',
    'Whether a setting of Redis endangers what Lockstep promises, 1 or 0; see docs/operations.md',
    ['redis', 'finding'],
  )
  const watched = new Map<RedisName, () => boolean>()
  ;(up as Gauge & { collect?: () => void }).collect = () => {
    for (const [redis, isUp] of watched) up.set({ redis }, isUp() ? 1 : 0)
  }
  const memory = exposeMemory(metrics)
  return {
    watch(redis, isUp, servers) {
      watched.set(redis, isUp)
      memory.set(redis, servers)
    },
    found(redis, findings) {
      for (const name of known)
        finding.set({ redis, finding: name }, Number(findings.includes(name)))
    },
  }
}

function exposeMemory(metrics: Metrics): Map<RedisName, () => readonly ServerMemory[]> {
  const watched = new Map<RedisName, () => readonly ServerMemory[]>()
  const sum = (name: string, help: string, field: keyof ServerMemory) => {
    const gauge = metrics.gauge(name, help, ['redis'])
    ;(gauge as Gauge & { collect?: () => void }).collect = () => {
      for (const [redis, servers] of watched) {
        gauge.set(
          { redis },
          servers().reduce((total, server) => total + server[field], 0),
        )
      }
    }
  }
  sum('lockstep_redis_memory_used_bytes', 'Memory that Redis uses', 'usedBytes')
  sum('lockstep_redis_memory_max_bytes', 'maxmemory of Redis; 0 for no bound', 'maxBytes')
  sum('lockstep_redis_evicted_keys', 'Keys that Redis evicted since it started', 'evictedKeys')
  return watched
}
