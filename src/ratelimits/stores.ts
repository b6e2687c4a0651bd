import type { DomainDeps } from '../domain.js'
import { RedisClock } from '../redis/clock.js'
import { createDocuments } from '../redis/documents.js'
import { filedDocuments } from '../redis/filed-documents.js'
import { serversOf } from '../redis/servers.js'
import { createAdjustmentStore } from './adjustments/store.js'
import { createCheckStore } from './checks/store.js'
import { DenyCache } from './deny-cache/deny-cache.js'
import { dropOnChanges, dropping, withDenyCache } from './deny-cache/stores.js'
import { createExceptionStore } from './exceptions/store.js'
import { changeOf } from './keys.js'
import { createLimitLeaseStore } from './leases/store.js'
import { createCircuitMetric, createDenyCacheMetric } from './metrics.js'
import { Circuits } from './outage/circuit.js'
import { createFallback, type Recall } from './outage/fallback.js'
import { LocalLimiter } from './outage/local-limiter.js'
import { parsePolicy } from './policies/parse.js'
import type { Policy } from './policies/policy.js'
import { createReservationStore } from './reservations/store.js'

export type RateLimitDeps = DomainDeps<Readonly<Record<string, Policy>>>

export function createRateLimitStores({
  settings,
  metrics,
  connections,
  binder,
  definitions,
  clockOffsetUs = () => 0,
}: RateLimitDeps) {
  let filed = filedDocuments<Policy>({})
  definitions.follow((policies) => {
    filed = filedDocuments(policies)
  })
  const clock = new RedisClock()
  const nowUs = () => Date.now() * 1_000 + clockOffsetUs()
  const steadyUs = () => performance.now() * 1_000 + clockOffsetUs()
  const denials = new DenyCache(steadyUs)
  dropOnChanges(denials, connections.pubSub)
  const circuits = new Circuits({
    servers: serversOf(connections.commands),
    timeoutMs: settings.ratelimitTimeoutMs,
    onChange: createCircuitMetric(metrics),
  })
  const countHit = createDenyCacheMetric(metrics)
  const recall: Recall = (namespace, request, cost) => {
    const denial = denials.recall(changeOf(namespace, request), request.policy, cost)
    if (denial) countHit()
    return denial
  }
  const local = new LocalLimiter(settings.instances, steadyUs)
  const checks = createCheckStore({
    binder,
    clock,
    slotOf: connections.commands.slotOf,
    circuits,
    fallback: createFallback(local, recall, nowUs),
  })
  const adjustments = createAdjustmentStore(binder, clock)
  const exceptions = createExceptionStore(binder)
  const reservations = createReservationStore(binder, clock, circuits)
  return {
    checks: withDenyCache(checks, denials, countHit),
    policies: createDocuments<Policy>({
      binder,
      pubSub: connections.pubSub,
      part: 'rl',
      parse: parsePolicy,
      fromFile: () => filed,
    }),
    adjustments: dropping(adjustments, denials, ['refund', 'reset']),
    exceptions: dropping(exceptions, denials, ['block', 'override', 'endOverride']),
    reservations: dropping(reservations, denials, ['settle']),
    leases: createLimitLeaseStore(binder),
  }
}
