import type { FastifyBaseLogger } from 'fastify'
import { createConnectionMetrics } from '../metrics/redis-connections.js'
import { createRedisHealth, type RedisName } from '../metrics/redis-health.js'
import type { Metrics } from '../metrics/registry.js'
import { auditRedis, FINDINGS, type Finding, judge } from '../redis/audit.js'
import type { Link } from '../redis/connect.js'
import { type RedisFacts, readFacts } from '../redis/facts.js'
import type { Links } from '../redis/links.js'
import { type MemoryWatch, watchMemory } from '../redis/memory.js'
import type { Probe } from '../redis/probe.js'
import { REASONS, type Reason } from '../redis/reasons.js'
import { logContacts } from './redis-log.js'

/** What is known of a Redis now: all of it, or why it does not answer. */
export type RedisStatus =
  | (RedisFacts & { up: true; reason?: Reason; findings: Finding[] })
  | { up: false; reason: Reason; findings: [] }

/** @param evicts whether this Redis may forget. */
export async function statusOf(link: Link, probe: Probe, evicts: boolean): Promise<RedisStatus> {
  try {
    const facts = await readFacts(link)
    const reason = probe.reason()
    return { up: true, ...(reason && { reason }), ...facts, findings: judge(facts, evicts) }
  } catch {
    return { up: false, reason: probe.reason() ?? link.contact.reason ?? 'timeout', findings: [] }
  }
}

export interface WatchOptions {
  readonly links: Links
  readonly logger: FastifyBaseLogger
  readonly config: { readonly cacheMemoryRatio: number }
}

/**
 * Logs when a connection to Redis is lost and back, and what the settings of Redis endanger;
 * exposes that, its memory and its connections.
 * @returns the memory of the Redis that holds the locks
 */
export function watchRedis({ links, logger, config }: WatchOptions, metrics: Metrics): MemoryWatch {
  logContacts(links.contacts, logger)
  createConnectionMetrics(metrics, () => links.contacts.all)
  const health = createRedisHealth(metrics, { reasons: REASONS, findings: Object.keys(FINDINGS) })
  const watch = (redis: RedisName, link: Link, { isUp, reason }: Probe) => {
    const memory = watchMemory(link, config.cacheMemoryRatio)
    health.watch(redis, { isUp, reason, servers: memory.servers })
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
  const main = watch('main', links.commands, links.probe)
  if (links.cacheProbe) watch('cache', links.cache, links.cacheProbe)
  return main
}
