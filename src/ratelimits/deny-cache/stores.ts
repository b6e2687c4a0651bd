import type { Signals } from '../../redis/signals.js'
import type { CheckedLimit, CheckOptions, CheckStore, LimitRequest } from '../checks/store.js'
import { CHANGES, changeOf, type Subject } from '../keys.js'
import { listedAs } from '../lists/lists.js'
import type { DenyCache, Question } from './deny-cache.js'

/** Answers checks of one limit that would be denied again. @param onHit for each answer without Redis */
export function withDenyCache(store: CheckStore, cache: DenyCache, onHit: () => void): CheckStore {
  return {
    async check(namespace, limits, options) {
      const [limit] = limits
      const known =
        limit && limits.length === 1 && isCacheable(limit, options)
          ? cache.find(changeOf(namespace, limit), limit.policy, limit.cost)
          : undefined
      if (known) {
        onHit()
        return { kind: 'decided', allowed: false, replayed: false, results: [known] }
      }
      const question = cache.question()
      const outcome = await store.check(namespace, limits, options)
      if (outcome.kind !== 'decided') return outcome
      for (const [i, limit] of limits.entries()) {
        if (isCacheable(limit, options))
          learn(cache, namespace, limit, question, outcome.results[i]!)
      }
      return outcome
    },
  }
}

/** What can never be allowed names no time; what Redis did not decide is not worth keeping. */
function learn(
  cache: DenyCache,
  namespace: string,
  limit: LimitRequest,
  question: Question,
  result: CheckedLimit,
): void {
  const { policy, cost } = limit
  if (result.degraded) return
  const id = changeOf(namespace, limit)
  if (result.allowed) cache.forget(id)
  else if (result.retryUs > 0) cache.remember(id, question, { policy, cost, result })
}

/**
 * A repeat under an idempotency key may have been allowed; a limit in shadow denies nobody, a leaky
 * bucket tells everybody another time; and one that stands in a request is a new policy every time.
 * Visitors of one key may be listed each in another way.
 */
function isCacheable(limit: LimitRequest, options: CheckOptions): boolean {
  const { policy, inline } = limit
  const { peek, take, idempotency } = options
  if (inline || peek || take !== 'exact' || idempotency || listedAs(limit)) return false
  return !policy.shadow && policy.algorithm !== 'leaky-bucket'
}

type Change = (namespace: string, subject: Subject, ...rest: unknown[]) => Promise<unknown>

/**
 * The same store, whose named methods drop the denial of the subject they change: this process knows
 * before it answers, whether the change succeeded or not.
 * @param changes take the namespace and the subject first.
 */
export function dropping<S extends object>(
  store: S,
  cache: DenyCache,
  changes: readonly (keyof S & string)[],
): S {
  const dropped = changes.map((name) => {
    const change = store[name] as Change
    const method: Change = async (namespace, subject, ...rest) => {
      try {
        return await change(namespace, subject, ...rest)
      } finally {
        cache.drop(changeOf(namespace, subject))
      }
    }
    return [name, method] as const
  })
  return { ...store, ...Object.fromEntries(dropped) }
}

/** Hears of changes that other processes make. */
export function dropOnChanges(cache: DenyCache, signals: Signals): void {
  // Until it listens, a denial lasts for its second, as it does when a message is lost.
  signals.subscribe(CHANGES, (id) => cache.drop(id)).catch(() => undefined)
  signals.onGap(() => cache.doubt())
}
