import type { Policy } from '../../src/ratelimits/policies/policy.js'
import { type Admission, type Bound, steadyBound, windowBound } from './bounds.js'

/** What changes repeatedly while calls use a limit. */
export type Change = 'limit' | 'override' | 'refund' | 'clock'

/** Printed by the worker: `[time, what was consumed and not given back, number of changes before]`. */
export type Consumed = readonly [atUs: number, cost: number, phase: number]

export interface Account {
  readonly consumed: readonly Consumed[]
  /** The longest retry time of a denied call, by the limit of that moment. */
  readonly waits: readonly { readonly limit: number; readonly retryUs: number }[]
}

export interface ChangePlan {
  readonly name: string
  readonly change: Change
  readonly policy: Policy
  /** The limits that apply in turn: of the policy, or of an override that differs. */
  readonly limits: readonly number[]
  readonly guarantee: string
  /** The ratio of consumed to guaranteed cost; above 1 the guarantee is broken. */
  readonly check: (account: Account) => number
}

const LIMIT = 100
const LOW = 10

export function changePlansOf(windowMs: number): ChangePlan[] {
  const windowUs = windowMs * 1_000
  const limit = LIMIT
  const gcra = { algorithm: 'gcra', limit, windowMs } as const
  const fixed = { algorithm: 'fixed-window', limit, windowMs } as const
  const log = { algorithm: 'sliding-log', limit, windowMs } as const
  const strict = {
    algorithm: 'sliding-window',
    limit,
    windowMs,
    mode: 'strict',
    buckets: 4,
  } as const
  const [within, exact, double] = [
    'burst + limit * D/W',
    'limit * ceil(D/W)',
    'limit * (ceil(D/W) + 1)',
  ]

  /** Checks each limit separately: what it admitted, and the retry times of denials. */
  const inTurn = (bound: (limit: number) => Bound) => (account: Account) =>
    Math.max(
      ...phasesOf(account.consumed).map(({ phase, admissions }) =>
        bound(limitOf(phase))(admissions),
      ),
      longestWait(account, windowUs),
    )
  const throughout = (bound: Bound, longestUs: number) => (account: Account) =>
    Math.max(bound(inOrder(account.consumed)), longestWait(account, longestUs))
  const limitOf = (phase: number) => (phase % 2 === 0 ? LIMIT : LOW)
  const steady = (of: number) => steadyBound(of, of, windowUs)

  return [
    {
      name: 'gcra, another limit now and then',
      change: 'limit',
      policy: gcra,
      limits: [LIMIT, LOW],
      guarantee: `${within}, and no wait above W`,
      check: inTurn(steady),
    },
    {
      name: 'gcra, an override now and then',
      change: 'override',
      policy: gcra,
      limits: [LIMIT, LOW],
      guarantee: `${within}, and no wait above W`,
      check: inTurn(steady),
    },
    {
      name: 'sliding-log, another limit now and then',
      change: 'limit',
      policy: log,
      limits: [LIMIT, LOW],
      guarantee: `${exact}, and no wait above W`,
      check: inTurn((of) => windowBound(of, windowUs, 0)),
    },
    {
      name: 'gcra, refunds and reservations',
      change: 'refund',
      policy: gcra,
      limits: [LIMIT],
      guarantee: `${within}, of what is kept`,
      check: ({ consumed }) => steady(limit)(inOrder(consumed)),
    },
    {
      name: 'fixed-window, refunds and reservations',
      change: 'refund',
      policy: fixed,
      limits: [LIMIT],
      guarantee: `${double}, of what is kept`,
      check: ({ consumed }) => windowBound(limit, windowUs, 1)(inOrder(consumed)),
    },
    {
      name: 'gcra, a clock that steps back',
      change: 'clock',
      policy: gcra,
      limits: [LIMIT],
      guarantee: `${within}, and no wait above W`,
      check: throughout(steady(limit), windowUs),
    },
    {
      name: 'sliding-log, a clock that steps back',
      change: 'clock',
      policy: log,
      limits: [LIMIT],
      guarantee: `${exact}, and no wait above W`,
      check: throughout(windowBound(limit, windowUs, 0), windowUs),
    },
    {
      name: 'sliding-window-strict, a clock that steps back',
      change: 'clock',
      policy: strict,
      limits: [LIMIT],
      guarantee: `${exact}, and no wait above W and a bucket`,
      check: throughout(windowBound(limit, windowUs, 0), (windowUs * 5) / 4),
    },
    {
      name: 'fixed-window, a clock that steps back',
      change: 'clock',
      policy: fixed,
      limits: [LIMIT],
      guarantee: `${double} between two steps, and no wait above W`,
      check: inTurnOf(windowBound(limit, windowUs, 1), windowUs),
    },
  ]
}

const inTurnOf = (bound: Bound, windowUs: number) => (account: Account) =>
  Math.max(
    ...phasesOf(account.consumed).map(({ admissions }) => bound(admissions)),
    longestWait(account, windowUs),
  )

/** Retry times are whole microseconds, rounded up. */
const longestWait = ({ waits }: Account, windowUs: number): number =>
  Math.max(0, ...waits.map(({ retryUs }) => (retryUs - 1) / windowUs))

function phasesOf(consumed: readonly Consumed[]) {
  const phases = new Map<number, Consumed[]>()
  for (const one of consumed) {
    const before = phases.get(one[2])
    if (before) before.push(one)
    else phases.set(one[2], [one])
  }
  return [...phases].map(([phase, of]) => ({ phase, admissions: inOrder(of) }))
}

/** Sorts and counts times from the first: sums of large times lose their fractions. */
function inOrder(consumed: readonly Consumed[]): Admission[] {
  const first = Math.min(...consumed.map(([atUs]) => atUs))
  return consumed
    .map(([atUs, cost]) => ({ atUs: atUs - first, cost }))
    .sort((a, b) => a.atUs - b.atUs)
}
