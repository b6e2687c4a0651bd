import type { FastifyBaseLogger } from 'fastify'
import { createRedisHealth, type RedisName } from './metrics/redis-health.js'
import type { Metrics } from './metrics/registry.js'
import { auditRedis, FINDINGS, judge } from './redis/audit.js'
import type { Link } from './redis/connect.js'
import { readFacts } from './redis/facts.js'
import type { Links } from './redis/links.js'
import { type MemoryWatch, watchMemory } from './redis/memory.js'

/** @param evicts whether this Redis may forget. @throws StoreError where it does not answer. */
export async function statusOf(link: Link, evicts: boolean) {
  const facts = await readFacts(link)
  return { ...facts, findings: judge(facts, evicts) }
}

export interface WatchOptions {
  readonly links: Links
  readonly logger: FastifyBaseLogger
  readonly config: { readonly cacheMemoryRatio: number }
}

/**
 * Says at every contact with Redis what its settings endanger, and exposes that and its memory.
 * @returns the memory of the Redis that holds the locks
 */
export function watchRedis({ links, logger, config }: WatchOptions, metrics: Metrics): MemoryWatch {
  const health = createRedisHealth(metrics, Object.keys(FINDINGS))
  const watch = (redis: RedisName, link: Link, isUp: () => boolean) => {
    const memory = watchMemory(link, config.cacheMemoryRatio)
    health.watch(redis, isUp, memory.servers)
    auditRedis({
      link,
      evicts: redis === 'cache',
      onFindings(findings) {
        health.found(redis, findings)
        for (const finding of findings) logger.warn({ redis, finding }, FINDINGS[finding])
      },
    })
    return memory
  }
  const main = watch('main', links.commands, links.probe.isUp)
  if (links.cacheProbe) watch('cache', links.cache, links.cacheProbe.isUp)
  return main
}
