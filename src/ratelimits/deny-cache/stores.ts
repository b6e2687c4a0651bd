import type { Signals } from '../../redis/signals.js'
import { CHANGES, changeOf } from '../changes.js'
import type { CheckOptions, CheckStore, LimitRequest } from '../checks/store.js'
import type { Subject } from '../keys.js'
import type { DenyCache } from './deny-cache.js'

/** Answers checks of one limit that would be denied again. @param onHit for each answer without Redis */
export function withDenyCache(store: CheckStore, cache: DenyCache, onHit: () => void): CheckStore {
  return {
    async check(namespace, limits, options) {
      const [limit] = limits
      if (!limit || limits.length > 1 || !isCacheable(limit, options)) {
        return store.check(namespace, limits, options)
      }
      const id = changeOf(namespace, limit)
      const { policy, cost } = limit
      const known = cache.find(id, policy, cost)
      if (known) {
        onHit()
        return { kind: 'decided', allowed: false, replayed: false, results: [known] }
      }
      const question = cache.question()
      const outcome = await store.check(namespace, limits, options)
      const result = outcome.kind === 'decided' && !outcome.allowed && outcome.results[0]
      // What can never be allowed names no time; what Redis did not decide is not worth keeping.
      if (result && result.retryUs > 0 && !result.degraded) {
        cache.remember(id, question, { policy, cost, result })
      }
      return outcome
    },
  }
}

/**
 * A repeat under an idempotency key may have been allowed; a limit in shadow denies nobody, a leaky
 * bucket tells everybody another time; and one that stands in a request is a new policy every time.
 */
function isCacheable({ policy, inline }: LimitRequest, options: CheckOptions): boolean {
  const { peek, take, idempotency } = options
  if (inline || peek || take !== 'exact' || idempotency) return false
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
  signals.onGap(() => cache.clear())
}
