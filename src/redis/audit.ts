import { Cluster, type Redis } from 'ioredis'
import type { Connection } from './connection.js'
import { type RedisFacts, readFacts } from './facts.js'
import type { RaisedFindings } from './raised-findings.js'

/** Settings of Redis that endanger a promise, and why. docs/operations.md says what to do. */
export const FINDINGS = {
  'old-version': 'Redis is older than 7.0: scripts will fail',
  evicts: 'maxmemory-policy is not noeviction: a lock that is held may be dropped',
  'no-memory-bound':
    "maxmemory is 0: what fills Redis ends in the system's out-of-memory killer, and with it every lock",
  'no-persistence': 'nothing is written to disk: after a restart every lock is free',
  'snapshots-only':
    'only snapshots are written: after a restart leases, counts and scores since the last are lost',
  'replicas-optional':
    'min-replicas-to-write is 0: a primary cut off from its replicas grants locks that will be lost',
  'slow-expiry':
    'lazyfree-lazy-expire is no: a large value or board that expires blocks Redis meanwhile',
  'outbox-unsafe':
    'a space writes behind, and Redis evicts or writes no AOF: such writes are refused',
  'outbox-unserved':
    'writes behind wait for an origin that the configuration file lacks: nothing delivers them',
  unreadable: 'INFO is refused: none of these settings can be checked',
} as const

export type Finding = keyof typeof FINDINGS

const OLDEST = 7

/** @param evicts whether this Redis may evict: it holds nothing but cache entries. */
export function judge(facts: RedisFacts, evicts: boolean): Finding[] {
  if (facts.version === 'unknown') return ['unreadable']
  const found: Finding[] = []
  if (Number.parseInt(facts.version, 10) < OLDEST) found.push('old-version')
  if (!evicts && facts.evictionPolicy !== 'noeviction') found.push('evicts')
  if (facts.maxMemoryBytes === 0) found.push('no-memory-bound')
  if (!evicts) {
    if (facts.persistence === 'none') found.push('no-persistence')
    if (facts.persistence === 'rdb') found.push('snapshots-only')
    if (facts.replicas > 0 && !facts.needsReplicas) found.push('replicas-optional')
  }
  if (facts.freesLazily === false) found.push('slow-expiry')
  return found
}

export interface AuditOptions {
  readonly connection: Connection
  readonly evicts: boolean
  /** Called after the first look, and when a later one differs. */
  readonly onFindings: (findings: readonly Finding[]) => void
  readonly everyMs?: number
  readonly raised?: RaisedFindings | undefined
}

const EVERY_MS = 60_000

/** Looks when a connection opens, as it may reach another server, and once a minute: settings change. */
export function auditRedis({
  connection: { client },
  evicts,
  onFindings,
  everyMs = EVERY_MS,
  raised,
}: AuditOptions): void {
  let known: string | undefined
  const look = async () => {
    if (client.status !== 'ready') return
    const audited = await findingsOf(client, evicts)
    if (audited === undefined) return
    const findings = [...audited, ...(raised?.all ?? [])].sort()
    if (findings.join() === known) return
    known = findings.join()
    onFindings(findings)
  }
  client.on('ready', look)
  raised?.onChange(() => void look())
  const timer = setInterval(look, everyMs)
  timer.unref()
  client.once('end', () => clearInterval(timer))
  void look()
}

/** On a Cluster, of all primaries. Undefined if one did not answer: the next look asks again. */
async function findingsOf(
  client: Redis | Cluster,
  evicts: boolean,
): Promise<readonly Finding[] | undefined> {
  const servers = client instanceof Cluster ? client.nodes('master') : [client]
  try {
    const facts = await Promise.all(servers.map((server) => readFacts({ client: server })))
    return [...new Set(facts.flatMap((of) => judge(of, evicts)))].sort()
  } catch {
    return undefined
  }
}
