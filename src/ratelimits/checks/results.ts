import { listedAs } from '../lists/lists.js'
import type { CheckOutcome, LimitRequest } from './store.js'

const ms = (us: number): number => Math.ceil(us / 1_000)

export type Answer = ReturnType<typeof toAnswer>

export type Decided = Extract<CheckOutcome, { kind: 'decided' }>

/** The answer to a check: each limit, and over them the tightest. Times are rounded up. */
export function toAnswer(limits: readonly LimitRequest[], { allowed, results }: Decided) {
  const answers = limits.map((limit, i) => {
    const { name, key, policy } = limit
    const result = results[i]!
    const listed = listedAs(limit)
    return {
      policy: name,
      key,
      allowed: result.allowed,
      limit: result.override || policy.limit,
      remaining: result.remaining,
      resetAfterMs: ms(result.resetUs),
      ...(result.retryUs >= 0 && { retryAfterMs: ms(result.retryUs) }),
      delayMs: ms(result.delayUs),
      granted: result.granted,
      unsatisfiable: result.retryUs < 0,
      ...(result.blocked && { blocked: true }),
      ...(listed && { listed }),
      ...(policy.shadow && { shadow: true }),
      takenAtMs: Math.floor(result.takenAtUs / 1_000),
      ...(result.degraded && { degraded: result.degraded }),
    }
  })
  const voters = enforced(limits, answers)
  const waits = voters.map(({ retryAfterMs }) => retryAfterMs)
  return {
    allowed,
    remaining: Math.min(
      ...(voters.length > 0 ? voters : answers).map(({ remaining }) => remaining),
    ),
    ...(waits.every((wait) => wait !== undefined) && { retryAfterMs: Math.max(0, ...waits) }),
    results: answers,
  }
}

/** What stands beside the limits that have a say: those in shadow have none. */
export const enforced = <T>(limits: readonly LimitRequest[], beside: readonly T[]): T[] =>
  beside.filter((_, i) => !limits[i]!.policy.shadow)
