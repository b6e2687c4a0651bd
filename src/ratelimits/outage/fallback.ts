import { algorithmOf } from '../algorithms/algorithms.js'
import type { LimitReply, Verdict } from '../checks/scripts.js'
import type { CheckOptions, LimitRequest } from '../checks/store.js'
import { listedAs } from '../lists/lists.js'
import type { Account, LocalLimiter } from './local-limiter.js'

/**
 * Decides without Redis by `onError` of each policy; undefined if one of them is closed. A remembered
 * denial holds. It does not know what was consumed before, nor blocks, overrides and idempotency keys.
 */
export type Fallback = (
  namespace: string,
  requests: readonly LimitRequest[],
  options: CheckOptions,
) => Verdict | undefined

/** The last denial of a subject by Redis, if it still holds for this cost. */
export type Recall = (
  namespace: string,
  request: LimitRequest,
  cost: number,
) => LimitReply | undefined

interface Asked {
  readonly request: LimitRequest
  readonly account: Account
  /** The cost that would be taken. */
  readonly cost: number
  readonly allowed: boolean
  readonly denial?: LimitReply | undefined
}

/** @param nowUs us since 1970, for `takenAtUs` */
export function createFallback(local: LocalLimiter, recall: Recall, nowUs: () => number): Fallback {
  return (namespace, requests, { mode, take, peek, idempotency }) => {
    const denialOf = (request: LimitRequest) => {
      // The first attempt of a repeat may have been allowed, and shadow limits never deny.
      if (idempotency || request.policy.shadow || listedAs(request)) return
      return recall(namespace, request, take === 'up-to' ? 1 : request.cost)
    }
    const asked = requests.map((request) => ask(local, namespace, request, take, denialOf(request)))
    const isClosed = ({ request, denial }: Asked) =>
      request.policy.onError === 'closed' && !request.policy.shadow && !denial && !listedAs(request)
    if (asked.some(isClosed)) return undefined

    const voters = asked.filter(({ request }) => !request.policy.shadow)
    const allowed = voters.every((voter) => voter.allowed)
    const largest =
      mode === 'all' && take === 'up-to'
        ? Math.min(...voters.map(({ cost }) => cost))
        : Number.POSITIVE_INFINITY
    const takenAtUs = nowUs()
    const limits = asked.map((one) => {
      const isTaken = one.allowed && (allowed || mode === 'each') && !peek
      return toReply(one, isTaken ? Math.min(one.cost, largest) : 0, takenAtUs)
    })
    return { kind: allowed ? 'allowed' : 'denied', limits }
  }
}

function ask(
  local: LocalLimiter,
  namespace: string,
  request: LimitRequest,
  take: CheckOptions['take'],
  denial: LimitReply | undefined,
): Asked {
  const account = denial ? unlimited(0) : accountOf(local, namespace, request)
  const { cost } = request
  const left = account.left()
  const least = take === 'up-to' ? 1 : cost
  return { request, account, cost: Math.min(cost, left), allowed: least <= left, denial }
}

function accountOf(local: LocalLimiter, namespace: string, request: LimitRequest): Account {
  const { key, name, group = '', policy, inline } = request
  const listed = listedAs(request)
  if (listed) return unlimited(listed === 'allow' ? Number.POSITIVE_INFINITY : 0)
  if (policy.onError !== 'local') return unlimited(algorithmOf(policy).maxCost(policy))
  return local.account(JSON.stringify([namespace, inline, name, group, key]), policy)
}

function toReply(
  { request, account, allowed, denial }: Asked,
  granted: number,
  takenAtUs: number,
): LimitReply {
  if (denial) return { ...denial, takenAtUs }
  if (granted > 0) account.take(granted)
  const { policy, cost } = request
  const isListed = listedAs(request) !== undefined
  const isNever = isListed || cost > algorithmOf(policy).maxCost(policy)
  const left = account.left()
  return {
    allowed,
    remaining: Number.isFinite(left) ? left : policy.limit,
    resetUs: account.resetUs(),
    retryUs: allowed ? 0 : isNever ? -1 : account.retryUs(cost),
    granted,
    override: 0,
    blocked: false,
    delayUs: 0,
    takenAtUs,
    // Redis would have decided the same about a subject on a list.
    ...(!isListed && { degraded: policy.onError === 'local' ? 'local' : 'open' }),
  }
}

/** An account without usage: only a cost above the capacity is denied. */
function unlimited(capacity: number): Account {
  let left = capacity
  return {
    left: () => left,
    resetUs: () => 0,
    retryUs: () => 0,
    take: (cost) => {
      left -= cost
    },
  }
}
