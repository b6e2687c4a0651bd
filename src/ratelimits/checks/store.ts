import type { Binder } from '../../redis/binder.js'
import { atTimeOfRedis, type RedisClock } from '../../redis/clock.js'
import { full, StoreError, unavailable } from '../../redis/errors.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { kindOf, scriptLimitOf } from '../algorithms/algorithms.js'
import { exceptionKey, limitKey, memoKey } from '../keys.js'
import type { Limit } from '../limit.js'
import type { Circuits } from '../outage/circuit.js'
import type { Fallback } from '../outage/fallback.js'
import { type CheckReply, checkScript, type LimitReply, type Verdict } from './scripts.js'

/** One limit of one subject, and what is asked of it. */
export interface LimitRequest extends Limit {
  readonly cost: number
}

export interface CheckOptions {
  readonly mode: 'all' | 'each'
  /** `up-to`: as much of the cost as is left. With mode all the costs must be equal. */
  readonly take: 'exact' | 'up-to'
  readonly peek: boolean
  readonly idempotency?: Idempotency | undefined
}

/** What came of one limit, and when. */
export interface CheckedLimit extends LimitReply {
  readonly takenAtUs: number
}

export type CheckOutcome =
  | {
      readonly kind: 'decided'
      readonly allowed: boolean
      readonly replayed: boolean
      /** In the order asked. */
      readonly results: readonly CheckedLimit[]
    }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'cross-slot' }
  /** Redis did not answer, and a policy wants no decision without it. */
  | { readonly kind: 'closed'; readonly error: StoreError }

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
  /** The Cluster slot of a key: what shares one can be checked in one step. */
  readonly slotOf: (key: string) => number
  readonly circuits: Circuits
  readonly fallback: Fallback
}

interface Placed {
  readonly index: number
  readonly request: LimitRequest
  readonly state: string
}

interface Closed {
  readonly kind: 'closed'
  readonly error: StoreError
}

export function createCheckStore(options: CheckStoreOptions): CheckStore {
  const { binder, clock, slotOf, circuits, fallback } = options
  const run = binder.bind(checkScript)

  /** The memo stands with the data of the first limit: what is in one slot is remembered together. */
  function call(namespace: string, group: readonly Placed[], options: CheckOptions) {
    const { mode, take, peek, idempotency } = options
    const key: string[] = []
    for (const { request, state } of group) key.push(state, exceptionKey(namespace, request))
    if (idempotency) {
      key.push(memoKey(namespace, (group[0] as Placed).request, 'check', idempotency.digest))
    }
    return atTimeOfRedis(clock, (nowMs) =>
      run(
        { key },
        {
          mode,
          take,
          peek: peek ? 1 : 0,
          fingerprint: idempotency?.fingerprint ?? '',
          memo_ttl_ms: idempotency?.ttlMs ?? 0,
          limit: group.map(({ request }) => {
            const { kind, a, b, c } = scriptLimitOf(request, nowMs)
            return { kind, shadow: request.policy.shadow ? 1 : 0, cost: request.cost, a, b, c }
          }),
        },
      ),
    )
  }

  function withoutRedis(
    namespace: string,
    group: readonly Placed[],
    options: CheckOptions,
    error: StoreError,
  ): Verdict | Closed {
    const requests = group.map(({ request }) => request)
    return fallback(namespace, requests, options) ?? { kind: 'closed', error }
  }

  /** Whom Redis denies is denied; what it could not count is decided as when it does not answer. */
  function withFullRedis(
    namespace: string,
    group: readonly Placed[],
    options: CheckOptions,
    { limits: told, takenAtUs }: Verdict,
  ): Verdict | Closed {
    const isDecided = ({ allowed, granted }: LimitReply) => !allowed || granted > 0
    const open = group.filter((_, i) => !isDecided(told[i] as LimitReply))
    const verdict = withoutRedis(namespace, open, options, full())
    if (verdict.kind === 'closed') return verdict
    const rest = verdict.limits.values()
    const limits = told.map((one) => (isDecided(one) ? one : (rest.next().value as LimitReply)))
    const isAllowed = group.every(({ request }, i) => request.policy.shadow || limits[i]?.allowed)
    return { kind: isAllowed ? 'allowed' : 'denied', takenAtUs, limits }
  }

  async function ask(
    namespace: string,
    group: readonly Placed[],
    options: CheckOptions,
  ): Promise<CheckReply | Closed> {
    const circuit = circuits.of((group[0] as Placed).state)
    if (circuit.isOpen) return withoutRedis(namespace, group, options, unavailable())
    try {
      const reply = await circuit.run(() => call(namespace, group, options))
      return reply.kind === 'full' ? withFullRedis(namespace, group, options, reply) : reply
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return withoutRedis(namespace, group, options, error)
    }
  }

  return {
    async check(namespace, limits, options) {
      const groups = new Map<number, Placed[]>()
      limits.forEach((request, index) => {
        const state = stateKey(namespace, request)
        const slot = slotOf(state)
        const group = groups.get(slot)
        if (group) group.push({ index, request, state })
        else groups.set(slot, [{ index, request, state }])
      })
      if (groups.size > 1 && options.mode === 'all') return { kind: 'cross-slot' }

      const parts = [...groups.values()]
      const replies = await Promise.all(parts.map((group) => ask(namespace, group, options)))
      return merge(limits.length, parts, replies)
    },
  }
}

const stateKey = (namespace: string, request: LimitRequest): string =>
  limitKey(namespace, kindOf(request.policy), request)

function merge(
  count: number,
  groups: readonly (readonly Placed[])[],
  replies: readonly (CheckReply | Closed)[],
): CheckOutcome {
  const results = new Array<CheckedLimit>(count)
  let allowed = true
  let replayed = true
  for (const [i, reply] of replies.entries()) {
    if (reply.kind === 'conflict') return { kind: 'conflict' }
    if (reply.kind === 'closed') return { kind: 'closed', error: errorOf(reply, replies) }
    allowed &&= reply.kind !== 'denied'
    replayed &&= reply.kind === 'replayed'
    for (const [j, placed] of (groups[i] as readonly Placed[]).entries()) {
      results[placed.index] = { ...(reply.limits[j] as LimitReply), takenAtUs: reply.takenAtUs }
    }
  }
  return { kind: 'decided', allowed, replayed, results }
}

/** Where the limits stood in several slots, some of them may have been counted. */
const errorOf = ({ error }: Closed, replies: readonly (CheckReply | Closed)[]): StoreError =>
  replies.every(({ kind }) => kind === 'closed')
    ? error
    : new StoreError('outcome-unknown', 'Redis counted some of the limits, not all of them.')
