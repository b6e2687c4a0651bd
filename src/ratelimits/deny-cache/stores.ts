import type { Signals } from '../../redis/signals.js'
import type { LimitReply } from '../checks/scripts.js'
import type { CheckOptions, CheckStore, LimitRequest } from '../checks/store.js'
import { CHANGES, changeOf, type Subject } from '../keys.js'
import { listedAs } from '../lists/lists.js'
import type { DenyCache, Question } from './deny-cache.js'

/** Answers checks of one limit that would be denied again. @param onHit for each answer without Redis */
export function withDenyCache(store: CheckStore, cache: DenyCache, onHit: () => void): CheckStore {
  return {
    async check(namespace, limits, options) {
      if (!isPlain(options)) return store.check(namespace, limits, options)
      const known = limits.length === 1 ? recall(cache, namespace, limits[0]!) : undefined
      if (known) {
        onHit()
        return { kind: 'decided', allowed: false, replayed: false, results: [known] }
      }
      const question = cache.question()
      const outcome = await store.check(namespace, limits, options)
      if (outcome.kind !== 'decided') return outcome
      for (let i = 0; i < limits.length; i++) {
        learn(cache, namespace, limits[i]!, question, outcome.results[i]!)
      }
      return outcome
    },
  }
}

const recall = (cache: DenyCache, namespace: string, limit: LimitRequest) =>
  isCacheable(limit) ? cache.find(changeOf(namespace, limit), limit.policy, limit.cost) : undefined

/** What can never be allowed names no time; what Redis did not decide is not worth keeping. */
function learn(
  cache: DenyCache,
  namespace: string,
  limit: LimitRequest,
  question: Question,
  result: LimitReply,
): void {
  if (result.degraded || !isCacheable(limit)) return
  const { policy, cost } = limit
  const id = changeOf(namespace, limit)
  if (result.allowed) cache.forget(id)
  else if (result.retryUs > 0) cache.remember(id, question, { policy, cost, result })
}

/** A repeat under an idempotency key may have been allowed. */
const isPlain = ({ peek, take, idempotency }: CheckOptions): boolean =>
  !peek && take === 'exact' && !idempotency

/**
 * A limit in shadow denies nobody, a leaky bucket tells everybody another time; and one that stands
 * in a request is a new policy every time. Visitors of one key may be listed each in another way.
 */
const isCacheable = (limit: LimitRequest): boolean =>
  !limit.inline &&
  !limit.policy.shadow &&
  limit.policy.algorithm !== 'leaky-bucket' &&
  !listedAs(limit)

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
