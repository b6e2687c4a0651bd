import type { Policy } from '../../src/ratelimits/policies/policy.js'
import {
  type Admission,
  type Bound,
  fullestMoment,
  queueBound,
  steadyBound,
  windowBound,
} from './bounds.js'

/** `[time or start, cost]`; for a lease also its end. Times in us. */
export type Record = readonly [atUs: number, cost: number, untilUs?: number]

export interface Plan {
  readonly name: string
  readonly policy: Policy
  /** The guarantee for a span D, as documented. */
  readonly guarantee: string
  readonly check: (records: readonly Record[]) => number
}

const LIMIT = 100
const BURST = 30

/** Plans for every algorithm with this window; a calendar window is a minute. */
export function plansOf(windowMs: number): Plan[] {
  const windowUs = windowMs * 1_000
  const limit = LIMIT
  const strict = windowBound(limit, windowUs, 0)
  const loose = windowBound(limit, windowUs, 1)
  const [exact, double] = ['limit * ceil(D/W)', 'limit * (ceil(D/W) + 1)']
  const plan = (name: string, policy: Policy, guarantee: string, bound: Bound): Plan => ({
    name,
    policy,
    guarantee,
    check: (records) => bound(inOrder(records)),
  })
  const fixed = { algorithm: 'fixed-window', limit, windowMs } as const
  const sliding = { algorithm: 'sliding-window', limit, windowMs } as const
  return [
    plan(
      'gcra',
      { algorithm: 'gcra', limit, windowMs, burst: BURST },
      'burst + limit * D/W',
      steadyBound(BURST, limit, windowUs),
    ),
    plan('fixed-window', fixed, double, loose),
    plan('fixed-window-first-hit', { ...fixed, align: 'first-hit' }, double, loose),
    plan(
      'fixed-window-calendar',
      { algorithm: 'fixed-window', limit, align: 'calendar', period: 'minute' },
      double,
      windowBound(limit, 60_000_000, 1),
    ),
    plan('sliding-window', sliding, double, loose),
    plan('sliding-window-of-6', { ...sliding, buckets: 6 }, double, loose),
    plan('sliding-window-strict', { ...sliding, mode: 'strict' }, exact, strict),
    plan('sliding-window-strict-of-4', { ...sliding, mode: 'strict', buckets: 4 }, exact, strict),
    plan('sliding-log', { algorithm: 'sliding-log', limit, windowMs }, exact, strict),
    plan(
      'leaky-bucket',
      { algorithm: 'leaky-bucket', limit, windowMs, maxDelayMs: windowMs / 2 },
      'starts: limit * D/W + the last cost',
      queueBound(limit, windowUs),
    ),
    {
      name: 'concurrency',
      policy: { algorithm: 'concurrency', limit: 10, leaseMs: 200 },
      guarantee: 'at any moment: limit',
      check: (records) =>
        fullestMoment(
          records.map(([fromUs, weight, untilUs = 0]) => ({ fromUs, untilUs, weight })),
          10,
        ),
    },
  ]
}

/** Sorts and counts times from the first: sums of large times lose their fractions. */
function inOrder(records: readonly Record[]): Admission[] {
  const first = Math.min(...records.map(([atUs]) => atUs))
  return records
    .map(([atUs, cost]) => ({ atUs: atUs - first, cost }))
    .sort((a, b) => a.atUs - b.atUs)
}
