import type { Policy } from '../../src/ratelimits/policies/policy.js'

/**
 * What one subject has consumed, in plain TypeScript: what the operations beside a check do to it.
 * Times in us since 1970; `limit` may be another one at each call.
 */
export interface Account {
  fits(nowUs: number, cost: number, limit: number): boolean
  remaining(nowUs: number, limit: number): number
  take(nowUs: number, cost: number, limit: number): void
  /** @returns what was given back */
  refund(nowUs: number, cost: number, takenUs: number, limit: number): number
  reset(): void
}

/** 2025-01-01: from here 1/16 us are exact in a double. */
const EPOCH_US = 1_735_689_600_000_000
const sixteenths = (nowUs: number) => (nowUs - EPOCH_US) * 16

/** A debt in 1/16 us that drains; of another limit it keeps its units. */
class Debt {
  #end = 0
  #interval = 1
  readonly #windowUs: number

  constructor(windowUs: number) {
    this.#windowUs = windowUs
  }

  intervalOf = (limit: number) => Math.ceil((16 * this.#windowUs) / limit)

  at(nowUs: number, limit: number): number {
    const left = Math.max(0, this.#end - sixteenths(nowUs))
    const interval = this.intervalOf(limit)
    return interval === this.#interval ? left : Math.ceil((left * interval) / this.#interval)
  }

  set(nowUs: number, debt: number, limit: number): void {
    this.#end = sixteenths(nowUs) + debt
    this.#interval = this.intervalOf(limit)
  }

  take(nowUs: number, cost: number, limit: number): void {
    this.set(nowUs, this.at(nowUs, limit) + cost * this.intervalOf(limit), limit)
  }

  refund(nowUs: number, cost: number, takenUs: number, limit: number): number {
    if (takenUs <= nowUs - this.#windowUs) return 0
    const debt = this.at(nowUs, limit)
    const interval = this.intervalOf(limit)
    this.set(nowUs, Math.max(0, debt - cost * interval), limit)
    return Math.min(cost, Math.ceil(debt / interval))
  }
}

/** @param burstOf what may come at once under a limit */
export function gcraAccount(windowMs: number, burstOf: (limit: number) => number): Account {
  let debt = new Debt(windowMs * 1_000)
  return {
    fits: (now, cost, limit) =>
      debt.at(now, limit) + cost * debt.intervalOf(limit) <=
      burstOf(limit) * debt.intervalOf(limit),
    remaining(now, limit) {
      const interval = debt.intervalOf(limit)
      return Math.max(0, Math.floor((burstOf(limit) * interval - debt.at(now, limit)) / interval))
    },
    take: (now, cost, limit) => debt.take(now, cost, limit),
    refund: (now, cost, taken, limit) => debt.refund(now, cost, taken, limit),
    reset() {
      debt = new Debt(windowMs * 1_000)
    },
  }
}

export function leakyAccount(windowMs: number, maxDelayMs: number): Account {
  let debt = new Debt(windowMs * 1_000)
  const free = (now: number, limit: number) => maxDelayMs * 16_000 - debt.at(now, limit)
  return {
    fits: (now, cost, limit) => cost <= limit && free(now, limit) >= 0,
    remaining: (now, limit) =>
      free(now, limit) < 0 ? 0 : Math.floor(free(now, limit) / debt.intervalOf(limit)) + 1,
    take: (now, cost, limit) => debt.take(now, cost, limit),
    refund: (now, cost, taken, limit) => debt.refund(now, cost, taken, limit),
    reset() {
      debt = new Debt(windowMs * 1_000)
    },
  }
}

interface Call {
  readonly atUs: number
  cost: number
}

/** Calls that are remembered for ever, and how much each of them still counts. */
interface Counting {
  /** What counts now. */
  used(calls: readonly Call[], nowUs: number): number
  /** Whether a refund may take from what was consumed then. */
  counts(atUs: number, nowUs: number, calls: readonly Call[]): boolean
}

function callsAccount({ used, counts }: Counting): Account {
  let calls: Call[] = []
  return {
    fits: (now, cost, limit) => used(calls, now) + cost <= limit,
    remaining: (now, limit) => Math.max(0, limit - used(calls, now)),
    take: (now, cost) => void calls.push({ atUs: now, cost }),
    refund(now, cost, taken) {
      if (!counts(taken, now, calls)) return 0
      let left = cost
      for (const call of calls.filter(({ atUs }) => counts(atUs, now, calls)).reverse()) {
        const part = Math.min(left, call.cost)
        call.cost -= part
        left -= part
      }
      calls = calls.filter((call) => call.cost > 0)
      return cost - left
    },
    reset() {
      calls = []
    },
  }
}

const sum = (calls: readonly Call[], holds: (call: Call) => boolean): number =>
  calls.filter(holds).reduce((total, { cost }) => total + cost, 0)

export function logAccount(windowMs: number): Account {
  const counts = (atUs: number, now: number) => atUs > now - windowMs * 1_000
  return callsAccount({ counts, used: (calls, now) => sum(calls, ({ atUs }) => counts(atUs, now)) })
}

export function windowAccount(windowMs: number): Account {
  const length = windowMs * 1_000
  const counts = (atUs: number, now: number) => atUs >= now - (now % length)
  return callsAccount({ counts, used: (calls, now) => sum(calls, ({ atUs }) => counts(atUs, now)) })
}

/** The window begins with the first call that finds none. */
export function firstHitAccount(windowMs: number): Account {
  const length = windowMs * 1_000
  const startOf = (calls: readonly Call[], now: number) => {
    let start = Number.NEGATIVE_INFINITY
    for (const { atUs } of calls) if (atUs >= start + length) start = atUs
    return now >= start + length ? Number.POSITIVE_INFINITY : start
  }
  const counts = (atUs: number, now: number, calls: readonly Call[]) => atUs >= startOf(calls, now)
  return callsAccount({
    counts,
    used: (calls, now) => sum(calls, ({ atUs }) => counts(atUs, now, calls)),
  })
}

export function slidingAccount(windowMs: number, buckets: number, strict: boolean): Account {
  const width = Math.ceil((windowMs * 1_000) / buckets)
  const bucketOf = (us: number) => Math.floor(us / width)
  return callsAccount({
    counts: (atUs, now) => bucketOf(atUs) >= bucketOf(now) - buckets,
    used(calls, now) {
      const oldest = bucketOf(now) - buckets
      const part = sum(calls, ({ atUs }) => bucketOf(atUs) === oldest)
      const full = sum(calls, ({ atUs }) => bucketOf(atUs) > oldest)
      const share = strict ? width : width - (now - bucketOf(now) * width)
      return full + Math.ceil((part * share) / width)
    },
  })
}

export const ACCOUNTS: [string, Policy, () => Account][] = [
  [
    'gcra',
    { algorithm: 'gcra', limit: 7, windowMs: 1_300 },
    () => gcraAccount(1_300, (limit) => limit),
  ],
  [
    'fixed-window',
    { algorithm: 'fixed-window', limit: 7, windowMs: 1_300 },
    () => windowAccount(1_300),
  ],
  [
    'fixed-window from the first hit',
    { algorithm: 'fixed-window', align: 'first-hit', limit: 7, windowMs: 1_300 },
    () => firstHitAccount(1_300),
  ],
  [
    'fixed-window of a calendar',
    { algorithm: 'fixed-window', align: 'calendar', period: 'minute', limit: 7 },
    () => windowAccount(60_000),
  ],
  [
    'sliding-window of several buckets',
    { algorithm: 'sliding-window', buckets: 6, limit: 7, windowMs: 1_300 },
    () => slidingAccount(1_300, 6, false),
  ],
  [
    'sliding-window, strict',
    { algorithm: 'sliding-window', buckets: 4, mode: 'strict', limit: 7, windowMs: 1_300 },
    () => slidingAccount(1_300, 4, true),
  ],
  ['sliding-log', { algorithm: 'sliding-log', limit: 7, windowMs: 1_300 }, () => logAccount(1_300)],
  [
    'leaky-bucket',
    { algorithm: 'leaky-bucket', limit: 7, windowMs: 1_300, maxDelayMs: 900 },
    () => leakyAccount(1_300, 900),
  ],
]
