import type { FastifyBaseLogger } from 'fastify'
import { createConnectionMetrics } from '../metrics/redis-connections.js'
import { createRedisHealth, type RedisName } from '../metrics/redis-health.js'
import type { Metrics } from '../metrics/registry.js'
import { auditRedis, FINDINGS, type Finding, judge } from '../redis/audit.js'
import type { Connection } from '../redis/connection.js'
import type { Connections } from '../redis/connections.js'
import { type RedisFacts, readFacts } from '../redis/facts.js'
import { type MemoryWatch, watchMemory } from '../redis/memory.js'
import type { Probe } from '../redis/probe.js'
import type { RaisedFindings } from '../redis/raised-findings.js'
import { REASONS, type Reason } from '../redis/reasons.js'
import { logConnections } from './redis-log.js'

/** The state of a Redis, or why it does not answer. */
export type RedisStatus =
  | (RedisFacts & { up: true; reason?: Reason; findings: Finding[] })
  | { up: false; reason: Reason; findings: [] }

/** @param evicts whether this Redis may evict */
export async function statusOf(
  connection: Connection,
  probe: Probe,
  evicts: boolean,
  raised: readonly Finding[],
): Promise<RedisStatus> {
  try {
    const facts = await readFacts(connection)
    const reason = probe.reason()
    return {
      up: true,
      ...(reason && { reason }),
      ...facts,
      findings: [...judge(facts, evicts), ...raised],
    }
  } catch {
    return {
      up: false,
      reason: probe.reason() ?? connection.state.reason ?? 'timeout',
      findings: [],
    }
  }
}

interface WatchOptions {
  /** About the Redis of the cache. */
  readonly raised: RaisedFindings
  readonly connections: Connections
  readonly logger: FastifyBaseLogger
  readonly config: { readonly cacheMemoryRatio: number }
}

/**
 * Logs lost connections and dangerous settings of Redis; exposes both, its memory and its connections.
 * @returns the memory of the Redis that holds the locks
 */
export function watchRedis(
  { connections, logger, config, raised }: WatchOptions,
  metrics: Metrics,
): MemoryWatch {
  logConnections(connections.states, logger)
  createConnectionMetrics(metrics, () => connections.states.all)
  const health = createRedisHealth(metrics, { reasons: REASONS, findings: Object.keys(FINDINGS) })
  const ofCache = connections.cacheProbe ? connections.cache : connections.commands
  const watch = (redis: RedisName, connection: Connection, { isUp, reason }: Probe) => {
    const memory = watchMemory(connection, config.cacheMemoryRatio)
    health.watch(redis, { isUp, reason, servers: memory.servers })
    auditRedis({
      connection,
      evicts: redis === 'cache',
      raised: connection === ofCache ? raised : undefined,
      onFindings(findings) {
        health.found(redis, findings)
        for (const finding of findings) logger.warn({ redis, finding }, FINDINGS[finding])
      },
    })
    return memory
  }
  const main = watch('main', connections.commands, connections.probe)
  if (connections.cacheProbe) watch('cache', connections.cache, connections.cacheProbe)
  return main
}
