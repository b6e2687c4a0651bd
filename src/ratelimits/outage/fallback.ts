import { algorithmOf } from '../algorithms/algorithms.js'
import type { CheckReply, LimitReply } from '../checks/scripts.js'
import type { CheckOptions, LimitRequest } from '../checks/store.js'
import { listedAs } from '../lists/lists.js'
import type { Account, LocalLimiter } from './local-limiter.js'

/**
 * Decides without Redis, as `onError` of each policy says; undefined where one of them is closed.
 * It knows neither what was consumed before nor blocks, overrides and idempotency keys.
 */
export type Fallback = (
  namespace: string,
  requests: readonly LimitRequest[],
  options: CheckOptions,
) => Exclude<CheckReply, { outcome: 'conflict' }> | undefined

interface Asked {
  readonly request: LimitRequest
  readonly account: Account
  /** What would be taken. */
  readonly cost: number
  readonly allowed: boolean
}

/** @param nowUs us since 1970, for `takenAtUs` alone. */
export function createFallback(local: LocalLimiter, nowUs: () => number): Fallback {
  return (namespace, requests, { mode, take, peek }) => {
    const enforced = requests.filter(({ policy }) => !policy.shadow)
    const isClosed = ({ policy, key }: LimitRequest) =>
      policy.onError === 'closed' && !listedAs(policy, key)
    if (enforced.some(isClosed)) return undefined

    const asked = requests.map((request) => ask(local, namespace, request, take))
    const voters = asked.filter(({ request }) => !request.policy.shadow)
    const allowed = voters.every((voter) => voter.allowed)
    const most =
      mode === 'all' && take === 'up-to'
        ? Math.min(...voters.map(({ cost }) => cost))
        : Number.POSITIVE_INFINITY
    const limits = asked.map((one) => {
      const isTaken = one.allowed && (allowed || mode === 'each') && !peek
      return toReply(one, isTaken ? Math.min(one.cost, most) : 0)
    })
    return { outcome: allowed ? 'allowed' : 'denied', takenAtUs: nowUs(), limits }
  }
}

function ask(
  local: LocalLimiter,
  namespace: string,
  request: LimitRequest,
  take: CheckOptions['take'],
): Asked {
  const { key, name, group = '', policy, inline, cost } = request
  const listed = listedAs(policy, key)
  const account = listed
    ? unlimited(listed === 'allow' ? Number.POSITIVE_INFINITY : 0)
    : policy.onError === 'local'
      ? local.account(JSON.stringify([namespace, inline, name, group, key]), policy)
      : unlimited(algorithmOf(policy).maxCost(policy))
  const left = account.left()
  const least = take === 'up-to' ? 1 : cost
  return { request, account, cost: Math.min(cost, left), allowed: least <= left }
}

function toReply({ request, account, allowed }: Asked, granted: number): LimitReply {
  if (granted > 0) account.take(granted)
  const { policy, cost } = request
  const isListed = listedAs(policy, request.key) !== undefined
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
    // What the policy says by name, Redis would have said as well.
    ...(!isListed && { degraded: policy.onError === 'local' ? 'local' : 'open' }),
  }
}

/** As if nobody had consumed anything; what can never be allowed is not allowed now. */
function unlimited(most: number): Account {
  let left = most
  return {
    left: () => left,
    resetUs: () => 0,
    retryUs: () => 0,
    take: (cost) => {
      left -= cost
    },
  }
}
