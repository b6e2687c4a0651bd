import type { Period } from '../../calendar/periods.js'
import type { Limit } from '../limit.js'
import { listedAs, listFault } from '../lists/lists.js'
import type { Policy } from '../policies/policy.js'
import type { Algorithm, Kind, PolicyFault, ScriptLimit } from './algorithm.js'
import { gcra, leakyBucket } from './buckets.js'
import { concurrency } from './concurrency.js'
import { fixedWindow, slidingLog, slidingWindow } from './windows.js'

/** By name; the first is the default. */
export const ALGORITHMS = {
  gcra,
  'token-bucket': gcra,
  'fixed-window': fixedWindow,
  'sliding-window': slidingWindow,
  'sliding-log': slidingLog,
  'leaky-bucket': leakyBucket,
  concurrency,
} as const satisfies Readonly<Record<string, Algorithm>>

export type AlgorithmName = keyof typeof ALGORITHMS

export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as AlgorithmName[]

export const algorithmOf = ({ algorithm }: Policy): Algorithm => ALGORITHMS[algorithm]

export const kindOf = (policy: Policy): Kind => algorithmOf(policy).kind(policy)

/** The largest `remaining` under this limit; an override keeps the burst of the policy. */
export const capacityOf = (policy: Policy, limit: number): number =>
  algorithmOf(policy).maxCost(limit === policy.limit ? policy : { ...policy, limit })

/** Longest duration of each period, apart from clock changes. */
const LENGTH_MS: Readonly<Record<Period, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 31 * 86_400_000,
  year: 366 * 86_400_000,
}

/** The length of the window as clients see it. */
export const windowOf = ({ windowMs, period, leaseMs = 0 }: Policy): number =>
  windowMs ?? (period === undefined ? leaseMs : LENGTH_MS[period])

/**
 * A limit as scripts count it, even for a subject on a list of the policy.
 * @param nowMs the time of Redis as far as it is known; a script answers if it is another
 */
export function toCountedLimit(policy: Policy, nowMs: number): ScriptLimit {
  const { kind, toScript } = algorithmOf(policy)
  const { a, b, c } = toScript(policy, nowMs)
  return { kind: kind(policy), a, b, c }
}

/** A limit as scripts enforce it: a subject on a list is not counted, see scripts/lib/listed.lua. */
export function toEnforcedLimit(limit: Limit, nowMs: number): ScriptLimit {
  const { policy } = limit
  const listed = listedAs(limit)
  if (!listed) return toCountedLimit(policy, nowMs)
  return { kind: listed, a: policy.limit, b: 0, c: 0 }
}

const namesWith = (parameter: keyof Policy): string[] =>
  Object.entries(ALGORITHMS as Readonly<Record<string, Algorithm>>)
    .filter(([, { parameters }]) => parameters.includes(parameter))
    .map(([name]) => name)

/** The first broken rule that the schema of a policy cannot express. */
export function policyFault(policy: Policy): PolicyFault | undefined {
  const { parameters, required, fault } = algorithmOf(policy)
  for (const field of PARAMETERS) {
    if (policy[field] === undefined || parameters.includes(field)) continue
    return { field, message: `is for ${namesWith(field).join(', ')} only` }
  }
  const missing = required(policy).find((field) => policy[field] === undefined)
  if (missing) return { field: missing, message: 'is required' }
  return fault(policy) ?? listFault(policy)
}

/** The parameters of all algorithms besides `limit`. */
export const PARAMETERS: readonly (keyof Policy)[] = [
  ...new Set(Object.values<Algorithm>(ALGORITHMS).flatMap(({ parameters }) => [...parameters])),
]
