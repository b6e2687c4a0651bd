import type { FastifyBaseLogger } from 'fastify'
import { createRedisHealth, type RedisName } from './metrics/redis-health.js'
import type { Metrics } from './metrics/registry.js'
import { auditRedis, FINDINGS, judge } from './redis/audit.js'
import type { Link } from './redis/connect.js'
import { readFacts } from './redis/facts.js'
import type { Links } from './redis/links.js'

/** @param evicts whether this Redis may forget. @throws StoreError where it does not answer. */
export async function statusOf(link: Link, evicts: boolean) {
  const facts = await readFacts(link)
  return { ...facts, findings: judge(facts, evicts) }
}

/** Says at every contact with Redis what its settings endanger, and exposes it. */
export function watchRedis(
  { links, logger }: { readonly links: Links; readonly logger: FastifyBaseLogger },
  metrics: Metrics,
): void {
  const health = createRedisHealth(metrics, Object.keys(FINDINGS))
  const watch = (redis: RedisName, link: Link, isUp: () => boolean) => {
    health.watch(redis, isUp)
    auditRedis({
      link,
      evicts: redis === 'cache',
      onFindings(findings) {
        health.found(redis, findings)
        for (const finding of findings) logger.warn({ redis, finding }, FINDINGS[finding])
      },
    })
  }
  watch('main', links.commands, links.probe.isUp)
  if (links.cacheProbe) watch('cache', links.cache, links.cacheProbe.isUp)
}
