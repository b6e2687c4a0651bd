import type { Period } from '../../calendar/periods.js'
import type { Limit } from '../limit.js'
import { listedAs, listFault } from '../lists/lists.js'
import type { Policy } from '../policies/policy.js'
import type { Algorithm, Kind, PolicyFault, ScriptLimit } from './algorithm.js'
import { gcra, leakyBucket } from './buckets.js'
import { concurrency } from './concurrency.js'
import { fixedWindow, slidingLog, slidingWindow } from './windows.js'

/** By the name that policies call them; the first is the default. */
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

/** The most that can be left to a subject under this limit: an override keeps the policy's burst. */
export const capacityOf = (policy: Policy, limit: number): number =>
  algorithmOf(policy).maxCost(limit === policy.limit ? policy : { ...policy, limit })

/** The longest that a period lasts by the calendar; clocks that are set aside. */
const LENGTH_MS: Readonly<Record<Period, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 31 * 86_400_000,
  year: 366 * 86_400_000,
}

/** The length of the window that is told to clients. */
export const windowOf = ({ windowMs, period, leaseMs = 0 }: Policy): number =>
  windowMs ?? (period === undefined ? leaseMs : LENGTH_MS[period])

/** @param nowMs the time of Redis, as far as it is known: a script says when it is another */
export function toCountedLimit(policy: Policy, nowMs: number): ScriptLimit {
  const { kind, toScript } = algorithmOf(policy)
  const { a, b, c } = toScript(policy, nowMs)
  return { kind: kind(policy), a, b, c }
}

/** A limit as scripts count it; whom the policy names is not counted, see scripts/lib/listed.lua. */
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

/** What a schema cannot say of the parameters of a policy. */
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

/** Every parameter that some algorithm has besides `limit`. */
export const PARAMETERS: readonly (keyof Policy)[] = [
  ...new Set(Object.values<Algorithm>(ALGORITHMS).flatMap(({ parameters }) => [...parameters])),
]
