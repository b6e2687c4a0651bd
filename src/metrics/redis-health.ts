import type { Gauge } from 'prom-client'
import type { Metrics } from './registry.js'

export type RedisName = 'main' | 'cache'

export interface RedisHealth {
  /** @param isUp read at every scrape */
  watch(redis: RedisName, isUp: () => boolean): void
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
  return {
    watch: (redis, isUp) => void watched.set(redis, isUp),
    found(redis, findings) {
      for (const name of known)
        finding.set({ redis, finding: name }, Number(findings.includes(name)))
    },
  }
}
