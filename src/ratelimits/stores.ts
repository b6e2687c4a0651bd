import type { DomainDeps } from '../domain.js'
import { RedisClock } from '../redis/clock.js'
import { filedDocuments } from '../redis/filed-documents.js'
import { reachOf } from '../redis/reach.js'
import { type AdjustmentStore, createAdjustmentStore } from './adjustments/store.js'
import { type CheckStore, createCheckStore } from './checks/store.js'
import { DenyCache } from './deny-cache/deny-cache.js'
import { dropOnChanges, dropping, withDenyCache } from './deny-cache/stores.js'
import { createExceptionStore, type ExceptionStore } from './exceptions/store.js'
import { changeOf } from './keys.js'
import { createLimitLeaseStore, type LeaseStore } from './leases/store.js'
import { createCircuitMetric, createDenyCacheMetric } from './metrics.js'
import { Circuits } from './outage/circuit.js'
import { createFallback, type Recall } from './outage/fallback.js'
import { LocalLimiter } from './outage/local-limiter.js'
import { parsePolicy } from './policies/parse.js'
import type { Policy } from './policies/policy.js'
import { createPolicyStore, type PolicyStore } from './policies/store.js'
import { createReservationStore, type ReservationStore } from './reservations/store.js'

/** What the routes of the domain stand on. */
export interface RateLimitStores {
  readonly policies: PolicyStore
  readonly checks: CheckStore
  readonly adjustments: AdjustmentStore
  readonly exceptions: ExceptionStore
  readonly reservations: ReservationStore
  readonly leases: LeaseStore
}

export type RateLimitDeps = DomainDeps<Readonly<Record<string, Policy>>>

export function createRateLimitStores({
  settings,
  metrics,
  links,
  binder,
  definitions,
  clockOffsetUs = () => 0,
}: RateLimitDeps): RateLimitStores {
  let filed = filedDocuments<Policy>({})
  definitions.follow((policies) => {
    filed = filedDocuments(policies)
  })
  const clock = new RedisClock()
  const nowUs = () => Date.now() * 1_000 + clockOffsetUs()
  const steadyUs = () => performance.now() * 1_000 + clockOffsetUs()
  const denials = new DenyCache(steadyUs)
  dropOnChanges(denials, links.signals)
  const circuits = new Circuits({
    reach: reachOf(links.commands),
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
    slotOf: links.commands.slotOf,
    circuits,
    fallback: createFallback({ local, recall, nowUs }),
  })
  return {
    checks: withDenyCache(checks, denials, countHit),
    policies: createPolicyStore({
      binder,
      signals: links.signals,
      parse: parsePolicy,
      fromFile: () => filed,
    }),
    adjustments: dropping(createAdjustmentStore(binder, clock), denials, ['refund', 'reset']),
    exceptions: dropping(createExceptionStore(binder), denials, [
      'block',
      'override',
      'endOverride',
    ]),
    reservations: dropping(createReservationStore({ binder, clock, circuits }), denials, [
      'settle',
    ]),
    leases: createLimitLeaseStore(binder),
  }
}
