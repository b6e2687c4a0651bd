import type { PubSub } from '../../redis/pub-sub.js'
import type { LimitReply } from '../checks/scripts.js'
import type { CheckOptions, CheckStore, LimitRequest } from '../checks/store.js'
import { CHANGES, changeOf, type Subject } from '../keys.js'
import { listedAs } from '../lists/lists.js'
import type { DenyCache, Question } from './deny-cache.js'

/** Denies checks of one limit from memory. @param onHit called for each */
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

/** Keeps denials by Redis that have a retry time. */
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

/** The first attempt with an idempotency key may have been allowed. */
const isPlain = ({ peek, take, idempotency }: CheckOptions): boolean =>
  !peek && take === 'exact' && !idempotency

/**
 * Not cacheable: a shadow limit, which never denies; a leaky bucket, which has another retry time for
 * each call; an inline limit, which is a new policy in every request; a subject on a list, because
 * visitors with the same key may be on different lists.
 */
const isCacheable = (limit: LimitRequest): boolean =>
  !limit.inline &&
  !limit.policy.shadow &&
  limit.policy.algorithm !== 'leaky-bucket' &&
  !listedAs(limit)

type Change = (namespace: string, subject: Subject, ...rest: unknown[]) => Promise<unknown>

/**
 * The same store, whose named methods drop the denial of the subject they change, before they return
 * and even if they fail.
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

/** Drops denials after changes by other processes. */
export function dropOnChanges(cache: DenyCache, pubSub: PubSub): void {
  // Without a subscription a denial lasts for a second, as when a message is lost.
  pubSub.subscribe(CHANGES, (id) => cache.drop(id)).catch(() => undefined)
  pubSub.onGap(() => cache.doubt())
}
