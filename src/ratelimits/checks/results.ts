import { maxCost } from '../policies/policy.js'
import type { CheckOutcome, LimitRequest } from './store.js'

const ms = (us: number): number => Math.ceil(us / 1_000)

/** The answer to a check: each limit, and over them the tightest. Times are rounded up. */
export function toAnswer(
  limits: readonly LimitRequest[],
  { allowed, results }: Extract<CheckOutcome, { kind: 'decided' }>,
  peek: boolean,
) {
  const answers = limits.map(({ name, key, cost, policy }, i) => {
    const { allowed: fits, remaining, resetUs, retryUs, takenAtUs } = results[i]!
    return {
      policy: name,
      key,
      allowed: fits,
      limit: policy.limit,
      remaining,
      resetAfterMs: ms(resetUs),
      ...(retryUs >= 0 && { retryAfterMs: ms(retryUs) }),
      granted: fits && allowed && !peek ? cost : 0,
      unsatisfiable: cost > maxCost(policy),
      takenAtMs: Math.floor(takenAtUs / 1_000),
    }
  })
  const waits = answers.map(({ retryAfterMs }) => retryAfterMs)
  return {
    allowed,
    remaining: Math.min(...answers.map(({ remaining }) => remaining)),
    ...(waits.every((wait) => wait !== undefined) && { retryAfterMs: Math.max(...waits) }),
    results: answers,
  }
}
