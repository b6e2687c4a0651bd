import type { ScriptLimit } from '../algorithms/algorithm.js'
import { toScriptLimit } from '../algorithms/algorithms.js'
import type { Limit } from '../limit.js'
import { listedAs } from './lists.js'

/** A limit as scripts count it; whom the policy names is not counted, see scripts/lib/listed.lua. */
export function scriptLimitOf(limit: Limit, nowMs: number): ScriptLimit {
  const { policy } = limit
  const listed = listedAs(limit)
  if (!listed) return toScriptLimit(policy, nowMs)
  return { kind: listed, a: policy.limit, b: 0, c: 0 }
}
