import type { Binder } from '../../redis/binder.js'
import { atTimeOfRedis, type RedisClock } from '../../redis/clock.js'
import { full, StoreError, unavailable } from '../../redis/errors.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { kindOf, toEnforcedLimit } from '../algorithms/algorithms.js'
import { exceptionKey, limitKey, recordKey } from '../keys.js'
import type { Limit } from '../limit.js'
import type { Circuits } from '../outage/circuit.js'
import type { Fallback } from '../outage/fallback.js'
import { type CheckReply, checkScript, type LimitReply, type Verdict } from './scripts.js'

/** One limit of one subject, and the cost to check. */
export interface LimitRequest extends Limit {
  readonly cost: number
}

export interface CheckOptions {
  readonly mode: 'all' | 'each'
  /** `up-to`: as much of the cost as remains. In mode all the costs must be equal. */
  readonly take: 'exact' | 'up-to'
  readonly peek: boolean
  readonly idempotency?: Idempotency | undefined
}

export type CheckOutcome =
  | {
      readonly kind: 'decided'
      readonly allowed: boolean
      readonly replayed: boolean
      /** In the order asked. */
      readonly results: readonly LimitReply[]
    }
  | { readonly kind: 'conflict' | 'cross-slot' }
  | Closed

/** Redis did not answer, and `onError` of a policy is closed. */
interface Closed {
  readonly kind: 'closed'
  readonly error: StoreError
}

export interface CheckStore {
  check(
    namespace: string,
    limits: readonly LimitRequest[],
    options: CheckOptions,
  ): Promise<CheckOutcome>
}

export interface CheckStoreOptions {
  readonly binder: Binder
  readonly clock: RedisClock
  /** The Cluster slot of a key: limits of one slot can be checked in one step. */
  readonly slotOf: (key: string) => number
  readonly circuits: Circuits
  readonly fallback: Fallback
}

/** Limits that are checked in one step. */
interface Group {
  readonly limits: readonly LimitRequest[]
  /** The state key of each limit. */
  readonly states: readonly string[]
}

export function createCheckStore(options: CheckStoreOptions): CheckStore {
  const { binder, clock, slotOf, circuits, fallback } = options
  const run = binder.bind(checkScript)

  /** The idempotency record is in the slot of the first limit: limits of one slot share one record. */
  function call(namespace: string, { limits, states }: Group, options: CheckOptions) {
    const { mode, take, peek, idempotency } = options
    const key: string[] = []
    for (let i = 0; i < limits.length; i++) {
      key.push(states[i] as string, exceptionKey(namespace, limits[i] as LimitRequest))
    }
    if (idempotency) {
      key.push(recordKey(namespace, limits[0] as LimitRequest, 'check', idempotency.digest))
    }
    return atTimeOfRedis(clock, (nowMs) =>
      run(
        { key },
        {
          mode,
          take,
          peek: peek ? 1 : 0,
          fingerprint: idempotency?.fingerprint ?? '',
          record_ttl_ms: idempotency?.ttlMs ?? 0,
          limit: limits.map((limit) => {
            const { kind, a, b, c } = toEnforcedLimit(limit, nowMs)
            return { kind, shadow: limit.policy.shadow ? 1 : 0, cost: limit.cost, a, b, c }
          }),
        },
      ),
    )
  }

  function withoutRedis(
    namespace: string,
    limits: readonly LimitRequest[],
    options: CheckOptions,
    error: StoreError,
  ): Verdict | Closed {
    return fallback(namespace, limits, options) ?? { kind: 'closed', error }
  }

  /** Denials of a full Redis hold; what it could not store is decided as if it did not answer. */
  function withFullRedis(
    namespace: string,
    { limits }: Group,
    options: CheckOptions,
    { limits: replies }: Verdict,
  ): Verdict | Closed {
    const isDecided = ({ allowed, granted }: LimitReply) => !allowed || granted > 0
    const open = limits.filter((_, i) => !isDecided(replies[i] as LimitReply))
    const verdict = withoutRedis(namespace, open, options, full())
    if (verdict.kind === 'closed') return verdict
    const rest = verdict.limits.values()
    const results = replies.map((one) =>
      isDecided(one)
        ? one
        : Object.assign(rest.next().value as LimitReply, { takenAtUs: one.takenAtUs }),
    )
    const isAllowed = limits.every(({ policy }, i) => policy.shadow || results[i]?.allowed)
    return { kind: isAllowed ? 'allowed' : 'denied', limits: results }
  }

  async function ask(
    namespace: string,
    group: Group,
    options: CheckOptions,
  ): Promise<CheckReply | Closed> {
    const circuit = circuits.of(group.states[0] as string)
    if (circuit.isOpen) return withoutRedis(namespace, group.limits, options, unavailable())
    try {
      const reply = await circuit.run(() => call(namespace, group, options))
      return reply.kind === 'full' ? withFullRedis(namespace, group, options, reply) : reply
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return withoutRedis(namespace, group.limits, options, error)
    }
  }

  return {
    async check(namespace, limits, options) {
      const states = limits.map((limit) => limitKey(namespace, kindOf(limit.policy), limit))
      const slots = states.map(slotOf)
      if (slots.every((slot) => slot === slots[0])) {
        const reply = await ask(namespace, { limits, states }, options)
        return 'limits' in reply ? toDecided([reply], reply.limits) : reply
      }
      if (options.mode === 'all') return { kind: 'cross-slot' }

      const order = [...new Set(slots)]
      const asked = order.map((slot) => {
        const isIn = (_: unknown, i: number) => slots[i] === slot
        const group = { limits: limits.filter(isIn), states: states.filter(isIn) }
        return ask(namespace, group, options)
      })
      const places = slots.map((slot) => order.indexOf(slot))
      return merge(places, await Promise.all(asked))
    },
  }
}

const toDecided = (verdicts: readonly Verdict[], results: readonly LimitReply[]): CheckOutcome => ({
  kind: 'decided',
  allowed: verdicts.every(({ kind }) => kind !== 'denied'),
  replayed: verdicts.every(({ kind }) => kind === 'replayed'),
  results,
})

/** @param places  index of the reply of each limit; within a reply, limits keep their order */
function merge(places: readonly number[], replies: readonly (CheckReply | Closed)[]): CheckOutcome {
  const verdicts: Verdict[] = []
  for (const reply of replies) {
    if (reply.kind === 'conflict') return reply
    if (reply.kind === 'closed') return { kind: reply.kind, error: errorOf(reply, replies) }
    verdicts.push(reply)
  }
  const rest = verdicts.map(({ limits }) => limits.values())
  const results = places.map((place) => rest[place]?.next().value as LimitReply)
  return toDecided(verdicts, results)
}

/** Limits in several slots: one slot may have been counted although another failed. */
const errorOf = ({ error }: Closed, replies: readonly (CheckReply | Closed)[]): StoreError =>
  replies.every(({ kind }) => kind === 'closed')
    ? error
    : new StoreError('outcome-unknown', 'Redis counted some of the limits, not all of them.')
